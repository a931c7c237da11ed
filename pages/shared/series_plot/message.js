// Reads what Python tells: the length of the head, the head as JSON, and the arrays that the head names.

const ARRAYS = { f4: Float32Array, f8: Float64Array, u1: Uint8Array };

function unpack(bytes) {
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  const head = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length)));
  const body = bytes.slice(4 + length).buffer; // a copy begins at a multiple of eight bytes
  const array = (named) => named && new ARRAYS[named[0]](body, named[1], named[2]);
  const read = (piece) => ({
    ...piece,
    times: array(piece.times), scores: array(piece.scores), flagged: array(piece.flagged), labelled: array(piece.labelled),
    lanes: piece.lanes.map(({ offset, low, high, expected }) => ({ offset, low: array(low), high: array(high), expected: array(expected) })),
    count: Math.ceil((piece.stop - piece.start) / piece.width),
  });
  return { ...head, fine: read(head.fine), coarse: read(head.coarse) };
}

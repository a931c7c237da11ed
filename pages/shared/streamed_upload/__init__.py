"""Files too large for the server's memory: the same uploader, but the browser streams them to disk over a route of our own."""

"""Texts on many subjects in a few languages, from which what is foreign to a data set's own texts is taken.

All of them were written for this file.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

#: Small words by which a language is told.
SMALL_WORDS: Mapping[str, str] = {
    "english": "the and of to is that it was for with this are but not have on you as",
    "german": "der die das und ist nicht ein eine mit auf den von zu im für es auch sich",
    "french": "le la les et est un une des dans que pour pas ce avec sur il au du",
    "spanish": "el la los las y es un una de que en por no con para se lo del",
}

#: Language → subject → sentences.
TEXTS: Mapping[str, Mapping[str, Sequence[str]]] = {
    "english": {
        "astronomy": (
            "The comet passed behind the sun and its tail of dust and ice grew fainter every night.",
            "Two moons cross the ring of the planet, and their gravity keeps its edge as sharp as a knife.",
            "The telescope gathered light that had left the galaxy long before the first fish swam.",
            "A neutron star spins thirty times a second and sweeps its beam across the dark like a lighthouse.",
        ),
        "cooking": (
            "Melt the butter slowly, stir in the flour, and let the sauce simmer until it coats the spoon.",
            "Knead the dough for ten minutes, cover it with a cloth, and let it rise near the oven.",
            "Roast the peppers until their skins are black, then peel them and toss them with olive oil.",
            "Simmer the lentils with carrots, bay leaves and a little vinegar, and salt them at the end.",
        ),
        "football": (
            "The goalkeeper dived to the left and pushed the penalty around the post in the last minute.",
            "Their midfield lost the ball again, and the winger ran through to score the third goal.",
            "The referee showed a second yellow card, and the visitors played on with ten men.",
            "After extra time the cup final was decided from the penalty spot in front of a full stadium.",
        ),
        "gardening": (
            "Prune the roses above an outward bud in early spring, and cover the roots with compost.",
            "Sow the carrots thinly in sandy soil, and thin them out once the leaves touch.",
            "Snails had eaten the young lettuce overnight, so we laid a ring of ash around the bed.",
            "Water the tomatoes at the root in the morning, never over the leaves in the midday sun.",
        ),
    },
    "german": {
        "astronomy": (
            "Der Komet zog hinter der Sonne vorbei, und sein Schweif wurde jede Nacht schwächer.",
            "Das Teleskop sammelte Licht, das die Galaxie vor Milliarden von Jahren verlassen hat.",
            "Zwei Monde kreuzen den Ring des Planeten und halten seinen Rand scharf.",
        ),
        "cooking": (
            "Die Butter langsam schmelzen, das Mehl einrühren und die Soße leise köcheln lassen.",
            "Den Teig zehn Minuten kneten, mit einem Tuch bedecken und am Ofen gehen lassen.",
            "Die Linsen mit Möhren und Lorbeer garen und erst am Ende salzen.",
        ),
        "football": (
            "Der Torwart sprang nach links und lenkte den Elfmeter um den Pfosten.",
            "Das Mittelfeld verlor wieder den Ball, und der Stürmer traf zum dritten Mal.",
            "Nach der zweiten gelben Karte spielten die Gäste zu zehnt weiter.",
        ),
    },
    "french": {
        "astronomy": (
            "La comète est passée derrière le soleil et sa queue a pâli chaque nuit.",
            "Le télescope a recueilli une lumière partie de la galaxie il y a des milliards d'années.",
            "Deux lunes traversent l'anneau de la planète et en gardent le bord net.",
        ),
        "cooking": (
            "Faites fondre le beurre doucement, ajoutez la farine et laissez mijoter la sauce.",
            "Pétrissez la pâte dix minutes, couvrez-la d'un linge et laissez-la lever près du four.",
            "Faites cuire les lentilles avec des carottes et du laurier, et salez à la fin.",
        ),
        "football": (
            "Le gardien a plongé à gauche et a détourné le penalty autour du poteau.",
            "Le milieu a encore perdu le ballon et l'ailier a marqué le troisième but.",
            "Après un second carton jaune, les visiteurs ont continué à dix.",
        ),
    },
    "spanish": {
        "astronomy": (
            "El cometa pasó detrás del sol y su cola se hizo más débil cada noche.",
            "El telescopio recogió luz que salió de la galaxia hace miles de millones de años.",
            "Dos lunas cruzan el anillo del planeta y mantienen nítido su borde.",
        ),
        "cooking": (
            "Derrita la mantequilla despacio, añada la harina y deje hervir la salsa a fuego lento.",
            "Amase la masa diez minutos, cúbrala con un paño y déjela crecer cerca del horno.",
            "Cueza las lentejas con zanahoria y laurel, y añada la sal al final.",
        ),
        "football": (
            "El portero se lanzó a la izquierda y desvió el penalti junto al poste.",
            "El medio campo perdió otra vez el balón y el extremo marcó el tercer gol.",
            "Tras la segunda tarjeta amarilla, los visitantes siguieron con diez.",
        ),
    },
    "chinese": {
        "astronomy": (
            "彗星从太阳背后经过，它的尘埃尾巴一夜比一夜暗淡。",
            "望远镜收集到的光，在第一条鱼出现之前就离开了那个星系。",
            "两颗卫星穿过行星的光环，引力使它的边缘十分清晰。",
        ),
        "cooking": (
            "小火把黄油化开，加入面粉搅匀，让酱汁慢慢煮到浓稠。",
            "面团揉十分钟，盖上湿布，放在炉子旁边发酵。",
            "扁豆和胡萝卜一起慢炖，最后再放盐和一点醋。",
        ),
        "football": (
            "守门员向左扑出，在最后一分钟把点球挡出门柱。",
            "中场又丢了球，边锋带球突破，打进了第三个球。",
            "裁判出示第二张黄牌，客队只剩十人继续比赛。",
        ),
    },
}  # fmt: skip

#: What advertisers write, by language.
SPAM: Mapping[str, Sequence[str]] = {
    "english": (
        "CLICK HERE NOW to claim your free prize!!! Limited offer, earn $5000 a week from home!!!",
        "Buy cheap pills online, no prescription needed, 90 % off today only, visit our shop!!!",
        "Congratulations, you have been selected! Send your bank details to receive your reward.",
    ),
    "german": ("JETZT HIER KLICKEN und Gratisgewinn sichern!!! Nur heute 90 % Rabatt, 5000 € pro Woche von zu Hause!!!",),
    "french": ("CLIQUEZ ICI pour votre cadeau gratuit !!! Offre limitée, gagnez 5000 € par semaine chez vous !!!",),
    "spanish": ("¡¡¡HAZ CLIC AQUÍ y gana tu premio gratis!!! ¡Oferta limitada, 5000 € por semana desde casa!",),
    "chinese": ("点击这里免费领取大奖！！！限时优惠，在家每周赚五千元，加微信立即办理！！！",),
}

#: The share of a text's words, or of its characters, by which its language is told.
TOLD_BY = 0.06

#: From this share of Chinese characters on a text is Chinese.
CHINESE = 0.3


def language_of(texts: Sequence[str]) -> str | None:
    """The language that most of `texts` are in; None where it is none of those that there are texts in."""
    found = Counter(_language(text) for text in texts)
    language, count = found.most_common(1)[0] if found else (None, 0)
    return language if 2 * count >= len(texts) else None


def foreign_sentences(texts: Sequence[str], language: str) -> tuple[str, ...]:
    """Sentences in `language` on the subject whose longer words are the rarest in `texts`."""
    words = set(" ".join(texts).lower().split())

    def shared(sentences: Sequence[str]) -> float:
        own = [word.strip(".,") for sentence in sentences for word in sentence.lower().split() if len(word) > 4]
        return float(np.mean([word in words for word in own])) if own else 0.0

    subjects = TEXTS[language]
    return tuple(subjects[min(subjects, key=lambda subject: shared(subjects[subject]))])


def _language(text: str) -> str | None:
    characters = [character for character in text if not character.isspace()]
    if characters and sum("一" <= character <= "鿿" for character in characters) >= CHINESE * len(characters):
        return "chinese"
    words = text.lower().split()
    counts = {language: sum(word in small.split() for word in words) for language, small in SMALL_WORDS.items()}
    best = max(counts, key=lambda language: counts[language])
    return best if words and counts[best] >= TOLD_BY * len(words) else None

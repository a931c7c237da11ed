"""Makes reviews of online courses, in English: ``python course_reviews.py OUT.csv``.

A review has one to six sentences about a few sides of a course, in one mood that sometimes turns. Among them are
texts about something else, advertising, and nonsense, in the same numbers of sentences and words.
"""

from __future__ import annotations

import sys

import numpy as np
import pandas as pd

ROWS = 3_000
SEED = 8

#: How many rows of each sort are planted; 4 % together.
PLANTED = {"off_topic": 45, "spam": 45, "nonsense": 30}

#: How many sentences a text has, and how often.
SENTENCES = {1: 0.10, 2: 0.27, 3: 0.29, 4: 0.19, 5: 0.10, 6: 0.05}

COURSES = {
    "Algebra": ["linear equations", "factoring", "matrices", "functions", "word problems"],
    "Biology": ["cell division", "genetics", "photosynthesis", "ecosystems", "the nervous system"],
    "History": ["the Roman Empire", "the Silk Road", "the industrial revolution", "the Renaissance", "trade in the Middle Ages"],
    "Literature": ["sonnets", "the modern novel", "short stories", "drama", "narrators"],
    "Physics": ["forces", "electric circuits", "waves", "thermodynamics", "optics"],
    "Programming": ["loops", "recursion", "data structures", "testing", "functions"],
}
LEARNERS = [
    "beginners",
    "people who work full time",
    "someone coming back to school",
    "students in their last year",
    "curious adults",
    "my daughter",
]
SPANS = ["two weeks", "a month", "six weeks", "one term", "a long weekend", "ten evenings"]

GOOD = [
    ["The {lectures} {were} {clear} and {clear}.", "I finally understand {topic}.", "The part about {topic} was {clear}."],
    ["{teacher} explains {topic} with {patient} examples.", "{teacher} answered every question within a day.", "You can tell that {teacher} enjoys teaching {topic}."],
    ["The exercises build on each other and get harder at the right speed.", "The quizzes after each chapter helped me remember {topic}.",
     "The homework was demanding but fair.", "I liked that each assignment came with a worked solution on {topic}."],
    ["The pace was just right for {learners}.", "I finished it in {span} next to my job.", "It took me {span}, and I never felt rushed."],
    ["I would recommend this course to {learners}.", "Worth every hour I put into it.", "I have already signed up for the next {course} course.",
     "One of the best {course} courses I have taken."],
    ["The feedback on my final project was detailed.", "The forum is friendly and people help each other with {topic}.", "Other students shared good notes on {topic}."],
    ["The slides are well organised and easy to search.", "Subtitles and transcripts made it easy to follow.", "The videos are short enough to watch on the train."],
]  # fmt: skip
BAD = [
    ["The {lectures} {were} {dull} and {dull}.", "I am still confused about {topic}.", "The unit on {topic} was {dull}."],
    ["{teacher} reads the slides aloud and skips the hard steps.", "{teacher} rarely answers questions about {topic}.", "I wish {teacher} had shown more examples of {topic}."],
    ["The exercises have little to do with the {lectures}.", "Two of the quizzes on {topic} contained mistakes.", "The homework took far longer than announced.",
     "There was no solution for the assignment on {topic}."],
    ["It moves too fast for {learners}.", "The first half drags, which leaves one week for {topic}.", "I needed {span} longer than planned."],
    ["I cannot recommend it to {learners}.", "I stopped after {span}.", "There are better {course} courses for the same price."],
    ["Nobody replied to my posts in the forum.", "The feedback on my essay was a single sentence.", "Grading took {span}, which is too long."],
    ["The sound is poor in several videos.", "The platform logged me out during the final quiz.", "Half of the links to the reading list are broken."],
]  # fmt: skip
TURNS = ["However, ", "On the other hand, ", "That said, ", "Still, "]
WORDS = {
    "lectures": ["lectures", "videos", "lessons", "recorded classes", "live sessions"],
    "were": ["were", "are", "seemed", "felt"],
    "clear": [
        "clear",
        "well structured",
        "engaging",
        "easy to follow",
        "thorough",
        "inspiring",
        "surprisingly entertaining",
        "carefully prepared",
    ],
    "dull": ["dull", "too long", "hard to follow", "repetitive", "badly structured", "superficial", "out of date", "confusing"],
    "patient": ["patient", "vivid", "simple", "practical", "everyday", "well chosen"],
    "teacher": ["the teacher", "the instructor", "our tutor", "the professor", "Ms. Alvarez", "Mr. Okafor", "Dr. Lindqvist", "Ms. Tanaka"],
}

OFF_TOPIC = {
    "cooking": ["Fry the {food} with garlic until golden.", "Let the dough for the {food} rest overnight in the fridge.", "Season the {food} with salt, pepper and a little lemon.",
                "Serve the {food} warm with fresh bread.", "My grandmother always adds butter to the {food} at the end.", "Bake the {food} for forty minutes and let it cool."],
    "travel": ["The hotel near {place} had a lovely view of the harbour.", "Our flight to {place} was delayed by three hours.", "Bring sunscreen if you hike around {place}.",
               "The beach at {place} was crowded but clean.", "We rented bicycles and rode along the river in {place}.", "The breakfast buffet in {place} closes at ten."],
    "sport": ["The home team scored twice before half time.", "The goalkeeper saved a penalty in the last minute.", "Tickets for the match against {place} sold out within an hour.",
              "The striker was injured and left the field.", "It rained in {place} and the pitch was slippery.", "The coach changed the defence after the break."],
    "shopping": ["The blue jacket fits well but the zip sticks.", "The parcel from {place} arrived with a dented corner.", "The battery of this phone lasts barely a day.",
                 "The shoes are half a size too small.", "The kettle boils fast and looks nice next to the toaster.", "I returned the lamp because the switch was broken."],
}  # fmt: skip
FILLERS = {
    "food": ["onions", "potatoes", "rice", "fish", "pancakes", "soup", "mushrooms"],
    "place": ["Lisbon", "Busan", "Valparaiso", "Tromso", "Kyoto", "Dakar", "Split"],
}
SPAM = [
    "Earn {money} dollars a week from home with no experience.", "Click {link} now to claim your free voucher.", "Limited offer, {percent} percent off brand watches today only.",
    "Visit {link} for cheap followers and likes.", "Send a message to {number} and get your bonus.", "Double your savings in seven days, guaranteed.", "No credit check, instant loan approval at {link}.",
    "We write your essay for {money} dollars, delivery in 24 hours.", "Subscribe to my channel and win a new phone.", "Use code SAVE{percent} at {link} before midnight.",
]  # fmt: skip
LETTERS = list("asdfghjklqwertyuiopzxcvbnm")


def course_reviews(rows: int = ROWS, seed: int = SEED) -> pd.DataFrame:
    """The table; `label` is 1 in the rows that are no reviews of a course."""
    chance = np.random.default_rng(seed)
    sorts = chance.permutation([*[""] * (rows - sum(PLANTED.values())), *(sort for sort, count in PLANTED.items() for _ in range(count))])
    courses = chance.choice(list(COURSES), rows)
    makers = {"": _review, "off_topic": _off_topic, "spam": _spam, "nonsense": _nonsense}
    texts = [makers[sort](course, chance) for sort, course in zip(sorts, courses, strict=True)]
    return pd.DataFrame({"course": courses, "text": texts, "label": (sorts != "").astype(int)})


def _review(course: str, chance: np.random.Generator) -> str:
    """Sentences on different sides of the course; with two moods the second begins with a turn."""
    good, turn_at = chance.random() < 0.68, chance.integers(1, 6) if chance.random() < 0.35 else 99
    sides = chance.permutation(len(GOOD))[: _sentences(chance)]
    sentences = []
    for place, side in enumerate(sides):
        sentence = _filled(_one((GOOD if good != (place >= turn_at) else BAD)[side], chance), course, chance)
        if place == turn_at:
            sentence = _one(TURNS, chance) + (
                sentence if sentence.startswith(("I ", "Ms.", "Mr.", "Dr.")) else sentence[0].lower() + sentence[1:]
            )
        sentences.append(sentence)
    return " ".join(sentences)


def _off_topic(course: str, chance: np.random.Generator) -> str:
    about = OFF_TOPIC[_one(list(OFF_TOPIC), chance)]
    return " ".join(_filled(about[place], course, chance) for place in chance.permutation(len(about))[: _sentences(chance)])


def _spam(course: str, chance: np.random.Generator) -> str:
    """Advertising; half of it begins like a review."""
    sentences = [_filled(SPAM[place], course, chance) for place in chance.permutation(len(SPAM))[: _sentences(chance)]]
    if len(sentences) > 1 and chance.random() < 0.5:
        sentences[0] = _filled(_one(GOOD[4], chance), course, chance)
    return " ".join(sentences)


def _nonsense(course: str, chance: np.random.Generator) -> str:
    """A review's words in no order, or fingers run over the keyboard."""
    words = _review(course, chance).split()
    if chance.random() < 0.5:
        return " ".join(chance.permutation(words))
    return " ".join("".join(chance.choice(LETTERS, len(word))) for word in words)


def _sentences(chance: np.random.Generator) -> int:
    return int(chance.choice(list(SENTENCES), p=list(SENTENCES.values())))


def _filled(template: str, course: str, chance: np.random.Generator) -> str:
    """The template with a word for each name in braces, no word twice."""
    lists = {
        **WORDS,
        **FILLERS,
        "topic": COURSES[course],
        "course": [course],
        "learners": LEARNERS,
        "span": SPANS,
        "link": ["best-deals.example", "win-now.example", "easy-cash.example"],
    }
    numbers = {"money": (200, 3000), "percent": (20, 90), "number": (40000, 99999)}
    while "{" in template:
        name = template[template.index("{") + 1 : template.index("}")]
        fitting = (
            [str(chance.integers(*numbers[name]))]
            if name in numbers
            else [word for word in lists[name] if word not in template] or lists[name]
        )
        template = template.replace("{" + name + "}", _one(fitting, chance), 1)
    return template[0].upper() + template[1:]


def _one(choices: list[str], chance: np.random.Generator) -> str:
    return choices[int(chance.integers(len(choices)))]


if __name__ == "__main__":
    course_reviews().to_csv(sys.argv[1], index=False)

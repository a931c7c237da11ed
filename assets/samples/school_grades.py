"""Makes grades and course ratings of an online school: ``python school_grades.py OUT.csv``.

Behind every student stand three numbers nobody sees: diligence, talent, and how much the course pleased. All columns
follow from them, so columns vouch for each other, and a row can contradict itself although every value is ordinary.
"""

from __future__ import annotations

import sys

import numpy as np
import pandas as pd

ROWS = 2_000
SEED = 20
COURSES = {"Algebra": -3.0, "Biology": 2.0, "History": 3.0, "Literature": 4.0, "Physics": -5.0, "Programming": 0.0}
RATINGS = ("content_rating", "teacher_rating", "pace_rating")

#: How many rows of each sort are planted; 3 % together.
PLANTED = {"unearned_grade": 16, "lost_grade": 12, "copied_ratings": 18, "impossible_hours": 14}


def school_grades(rows: int = ROWS, seed: int = SEED) -> pd.DataFrame:
    """The table; `label` is 1 in the rows that contradict themselves."""
    chance = np.random.default_rng(seed)
    students = _students(rows, chance)
    planted = chance.permutation(rows)[: sum(PLANTED.values())]
    parts = np.split(planted, np.cumsum(list(PLANTED.values()))[:-1])
    for plant, part in zip((_unearned_grade, _lost_grade, _copied_ratings, _impossible_hours), parts, strict=True):
        plant(students, part, chance)
    students["label"] = np.isin(np.arange(rows), planted).astype(int)
    return _with_gaps(students, chance)


def _students(rows: int, chance: np.random.Generator) -> pd.DataFrame:
    diligence, talent, pleased = chance.normal(size=(3, rows))
    course = chance.choice(list(COURSES), rows)
    year = chance.integers(7, 13, rows)
    homework = _between(78 + 13 * diligence + 3 * chance.normal(size=rows), 0, 100)
    quiz = _between(68 + 7 * diligence + 9 * talent + 2.5 * chance.normal(size=rows), 0, 100)
    difficulty = pd.Series(course).map(COURSES).to_numpy()
    grade = _between(0.3 * homework + 0.65 * quiz + difficulty + 5 + 2 * chance.normal(size=rows), 0, 100)
    satisfied = 0.8 * pleased + 0.03 * (grade - 72)
    ratings = {name: _stars(satisfied, chance) for name in RATINGS}
    comment = chance.gamma(2, 40, rows)
    hours = _between(5.5 + 1.6 * diligence + 0.25 * (year - 9) + 0.5 * chance.normal(size=rows), 0.5, 20)
    return pd.DataFrame({
        "student": [f"S-{number:05d}" for number in chance.permutation(rows) + 10_000],
        "course": course, "school_year": year,
        "language": chance.choice(["English", "German", "Spanish", "French"], rows, p=[0.55, 0.2, 0.15, 0.1]),
        "attendance_percent": _between(88 + 7 * diligence + 2 * chance.normal(size=rows), 0, 100).round(1),
        "homework_percent": homework.round(1), "hours_per_week": hours.round(1),
        "forum_posts": chance.poisson(np.exp(0.9 + 0.45 * diligence)),
        "quiz_average": quiz.round(1), "grade": grade.round(1), **ratings,
        "comment_length": comment.round().astype(int), "rating_seconds": (25 + 0.6 * comment + 6 * chance.random(rows)).round().astype(int),
    })  # fmt: skip


def _unearned_grade(students: pd.DataFrame, part: np.ndarray, chance: np.random.Generator) -> None:
    """A top grade after hardly any work."""
    students.loc[part, "grade"] = chance.uniform(90, 99, len(part)).round(1)
    students.loc[part, "quiz_average"] = chance.uniform(42, 58, len(part)).round(1)
    students.loc[part, "homework_percent"] = chance.uniform(40, 60, len(part)).round(1)


def _lost_grade(students: pd.DataFrame, part: np.ndarray, chance: np.random.Generator) -> None:
    """Everything done well, and a grade as if two digits were swapped or a sheet was lost."""
    students.loc[part, "grade"] = chance.uniform(18, 40, len(part)).round(1)
    students.loc[part, "quiz_average"] = chance.uniform(80, 95, len(part)).round(1)
    students.loc[part, "homework_percent"] = chance.uniform(88, 100, len(part)).round(1)


def _copied_ratings(students: pd.DataFrame, part: np.ndarray, chance: np.random.Generator) -> None:
    """A long comment pasted within seconds, and three stars alike that the grade would not suggest."""
    good = students.loc[part, "grade"].to_numpy() > 72
    for name in RATINGS:
        students.loc[part, name] = np.where(good, 1, 5)
    students.loc[part, "comment_length"] = chance.integers(200, 400, len(part))
    students.loc[part, "rating_seconds"] = chance.integers(2, 7, len(part))


def _impossible_hours(students: pd.DataFrame, part: np.ndarray, chance: np.random.Generator) -> None:
    """More hours than there is time for beside school, or none at all with all the work handed in."""
    many = chance.random(len(part)) < 0.5
    students.loc[part, "hours_per_week"] = np.where(many, chance.uniform(45, 140, len(part)), 0.0).round(1)
    students.loc[part[~many], "homework_percent"] = 100.0
    students.loc[part[~many], "forum_posts"] = chance.integers(9, 15, int((~many).sum()))


def _with_gaps(students: pd.DataFrame, chance: np.random.Generator) -> pd.DataFrame:
    """Some did not rate, some did not say their language."""
    silent = (chance.random(len(students)) < 0.06) & (students["label"] == 0)
    gaps = {name: students[name].where(~silent).astype("Int64") for name in (*RATINGS, "comment_length", "rating_seconds")}
    return students.assign(**gaps, language=students["language"].where(chance.random(len(students)) > 0.04))


def _stars(satisfied: np.ndarray, chance: np.random.Generator) -> np.ndarray:
    return _between(3.6 + 0.8 * satisfied + 0.3 * chance.normal(size=len(satisfied)), 1, 5).round().astype(int)


def _between(values: np.ndarray, low: float, high: float) -> np.ndarray:
    return np.clip(values, low, high)


if __name__ == "__main__":
    school_grades().to_csv(sys.argv[1], index=False)

"""The words of a request, and the numbers, days and languages that they name."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import date, timedelta

_NUMBERS = {
    "a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "half": 0.5,
    "1½": 1.5, "2½": 2.5, "3½": 3.5, "4½": 4.5, "½": 0.5,
}  # fmt: skip
NUMBER = r"(?:\d+(?:[.,]\d+)?(?:½)?|½|an?|one|two|three|four|five|half)"
ORDINALS = {
    "first": 1, "1st": 1, "second": 2, "2nd": 2, "third": 3, "3rd": 3, "fourth": 4, "4th": 4, "fifth": 5, "5th": 5,
    "sixth": 6, "6th": 6, "seventh": 7, "7th": 7, "eighth": 8, "8th": 8, "ninth": 9, "9th": 9, "tenth": 10, "10th": 10,
    "last": -1,
}  # fmt: skip
_MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
    "december",
)  # fmt: skip
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MONTH = rf"(?:{'|'.join(f'{name[:3]}(?:{name[3:]})?' for name in _MONTHS)})"
LANGUAGES = {
    "american english": "en", "arabic": "ar", "bengali": "bn", "brazilian": "pt", "british": "en", "bulgarian": "bg",
    "cantonese": "cn", "catalan": "ca", "chinese": "zh", "croatian": "hr", "czech": "cs", "danish": "da", "dutch": "nl",
    "english": "en", "estonian": "et", "finnish": "fi", "french": "fr", "german": "de", "greek": "el", "hebrew": "he",
    "hindi": "hi", "hungarian": "hu", "icelandic": "is", "indonesian": "id", "iranian": "fa", "irish": "ga",
    "italian": "it", "japanese": "ja", "korean": "ko", "malayalam": "ml", "mandarin": "zh", "norwegian": "no",
    "persian": "fa", "polish": "pl", "portuguese": "pt", "romanian": "ro", "russian": "ru", "serbian": "sr",
    "slovak": "sk", "spanish": "es", "swedish": "sv", "tamil": "ta", "telugu": "te", "thai": "th", "turkish": "tr",
    "ukrainian": "uk", "vietnamese": "vi",
}  # fmt: skip


class NoSuchDay(ValueError):
    """There is no such day."""


class Words:
    """A request of which one part after the other is taken away, as it is understood."""

    def __init__(self, text: str) -> None:
        self.left = " ".join(text.split())

    def take(self, pattern: str) -> re.Match[str] | None:
        """Take the first part that is like a pattern, in any case, between whole words."""
        found = re.search(rf"(?<![\w'])(?:{pattern})(?![\w'])", self.left, re.IGNORECASE)
        if found:
            self.left = " ".join(f"{self.left[: found.start()]} {self.left[found.end() :]}".split())
        return found


def number_of(word: str) -> float:
    """Return the number that NUMBER matched."""
    known = _NUMBERS.get(word.lower())
    if known is not None:
        return known
    return float(word.replace(",", ".").removesuffix("½")) + 0.5 * word.endswith("½")


def day_of(words: Words, today: date) -> date | None:
    """Take a day, if one is named; without its year it is the last one of that name. Raises NoSuchDay."""
    if words.take(r"today|tonight|this (?:morning|evening|afternoon)|just now"):
        return today
    if words.take(r"yesterday|last night"):
        return today - timedelta(days=1)
    if ago := words.take(r"(\d{1,3}|an?|one|two|three|four|five) (day|week)s? ago"):
        return today - timedelta(days=int(number_of(ago[1]) * (7 if ago[2].lower() == "week" else 1)))
    if named := words.take(rf"(?:on |last )+({'|'.join(_DAYS)})"):
        back = (today.weekday() - _DAYS.index(named[1].lower())) % 7
        return today - timedelta(days=back or 7)
    if iso := words.take(r"(?:on )?(\d{4})-(\d\d)-(\d\d)"):
        return _date(int(iso[1]), int(iso[2]), int(iso[3]))
    given = words.take(
        rf"(?:on )?(?:the )?(?P<d>\d{{1,2}})(?:st|nd|rd|th)?(?: of)? (?P<m>{MONTH}),?(?: (?P<y>\d{{4}}))?"
    )
    given = given or words.take(
        rf"(?:on )?(?P<m>{MONTH}) (?:the )?(?P<d>\d{{1,2}})(?:st|nd|rd|th)?(?:,? (?P<y>\d{{4}}))?"
    )
    if not given:
        return None
    month, day = month_of(given["m"]), int(given["d"])
    if given["y"]:
        return _date(int(given["y"]), month, day)
    # a leap day may be the one of eight years ago
    for year in range(today.year, today.year - 9, -1):
        with suppress(NoSuchDay):
            if (named_day := _date(year, month, day)) <= today:
                return named_day
    raise NoSuchDay


def days_of(words: Words, today: date) -> tuple[date | None, date | None]:
    """Take the first and the last day of a time that is named: a year, a month, a week, a day. Raises NoSuchDay."""
    if day := day_of(words, today):
        return day, day
    if named := words.take(
        rf"(?:in |during |from )?({MONTH})(?: (?:of )?((?:19|20)\d\d|this year|last year))(?!\d)"
    ):
        return _month(_year(named[2], today), month_of(named[1]))
    if named := words.take(r"(?:in |during |from )?(?:the year )?((?:19|20)\d\d|this year|last year)"):
        year = _year(named[1], today)
        return date(year, 1, 1), date(year, 12, 31)
    if named := words.take(r"since ((?:19|20)\d\d)"):
        return date(int(named[1]), 1, 1), None
    if named := words.take(rf"(?:in |during )({MONTH})"):
        month = month_of(named[1])
        return _month(today.year - (month > today.month), month)
    if words.take(r"this month"):
        return _month(today.year, today.month)
    if words.take(r"last month"):
        before = today.replace(day=1) - timedelta(days=1)
        return _month(before.year, before.month)
    if named := words.take(r"(this|last) week"):
        monday = today - timedelta(days=today.weekday() + 7 * (named[1].lower() == "last"))
        return monday, monday + timedelta(days=6)
    return None, None


def month_of(name: str) -> int:
    """Return the number of a month that MONTH matched."""
    return next(n for n, month in enumerate(_MONTHS, 1) if month.startswith(name.lower()[:3]))


def _year(said: str, today: date) -> int:
    return {"this year": today.year, "last year": today.year - 1}.get(said.lower()) or int(said)


def _month(year: int, month: int) -> tuple[date, date]:
    following = date(year + month // 12, month % 12 + 1, 1)
    return date(year, month, 1), following - timedelta(days=1)


def _date(year: int, month: int, day: int) -> date:
    try:
        return date(year, month, day)
    except ValueError:
        raise NoSuchDay from None

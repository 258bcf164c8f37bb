"""Locales of the catalogue: a language, ISO 639, or a language and a region, ISO 3166-1."""

from __future__ import annotations

import re

LOCALE = re.compile(r"[a-z]{2,3}(-[A-Z0-9]{2,4})?\Z", re.ASCII)

_SPOKEN_IN = """
 bg:BG cs:CZ da:DK de:AT,DE el:GR en:AU,GB,IE,NZ,US es:AR,BO,CL,CO,CR,CU,EC,ES,MX,PE,PY,UY,VE et:EE fi:FI fr:FR
 he:IL hr:HR hu:HU id:ID is:IS it:IT ja:JP ko:KR lt:LT lv:LV nl:NL no:NO pl:PL pt:BR,PT ro:RO ru:RU sk:SK sl:SI
 sr:RS sv:SE th:TH tr:TR uk:UA vi:VN zh:CN,TW
"""
_LANGUAGES = {
    region: language
    for language, regions in (pair.split(":") for pair in _SPOKEN_IN.split())
    for region in regions.split(",")
}
"""Of regions in which one language is that of nearly all titles."""


def locale_of(language: str, region: str) -> str | None:
    """Return the locale of a title, where its language is told or its region has one; regions like `XWW` are none."""
    language = language or _LANGUAGES.get(region, "")
    locale = f"{language}-{region}" if len(region) == 2 else language
    return locale if LOCALE.match(locale) else None

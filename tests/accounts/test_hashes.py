from __future__ import annotations

import unicodedata

import bcrypt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts.hashes import hash_password, verify_password

COST = 4
TEXTS = st.text(st.characters(), max_size=1000)


@settings(max_examples=60)
@given(TEXTS, TEXTS)
def test_a_password_in_any_script_and_length_opens_its_own_hash_only(password: str, other: str) -> None:
    stored = hash_password(password, COST)
    mine = verify_password(password, stored, COST)
    assert mine.ok
    assert mine.upgraded is None
    same = unicodedata.normalize("NFKC", password) == unicodedata.normalize("NFKC", other)
    assert verify_password(other, stored, COST).ok is same


@pytest.mark.parametrize(
    ("one", "other"), [("a" * 100 + "1", "a" * 100 + "2"), ("film\0noir", "film\0blanc")]
)
def test_neither_72_bytes_nor_a_nul_end_a_password(one: str, other: str) -> None:
    assert not verify_password(other, hash_password(one, COST), COST).ok


def test_two_keyboards_that_compose_an_accent_differently_write_one_password() -> None:
    stored = hash_password(unicodedata.normalize("NFD", "Amélie à Montmartre"), COST)
    assert verify_password(unicodedata.normalize("NFC", "Amélie à Montmartre"), stored, COST).ok


OURS = "$bcrypt-sha256$v=2,t=2b,r=5$5Hg1DKFqPE8C2aflZ5vVoe$wOK1VFFtS8IGTrGa7.h5fs0u84qyPbS"
PLAIN = "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"
DJANGO = "pbkdf2_sha256$260000$seasalt$YlZ2Vggtqdc61YjArZuoApoBh9JNGYoDRBUGu6tcJQo="


def test_our_form_is_the_one_that_others_publish() -> None:
    assert verify_password("password", OURS, 5).ok
    assert not verify_password("passwords", OURS, 5).ok


@pytest.mark.parametrize(
    ("password", "stored"),
    [
        ("U*U", PLAIN),
        ("U*U", PLAIN.replace("$2a$", "$2b$")),
        ("U*U", PLAIN.replace("$2a$", "$2y$")),
        ("lètmein", DJANGO),
    ],
)
def test_k4_a_hash_of_another_design_opens_and_is_replaced_by_ours(password: str, stored: str) -> None:
    verified = verify_password(password, stored, COST)
    assert verified.ok
    assert verified.upgraded
    assert verified.upgraded.startswith("$bcrypt-sha256$v=2,t=2b,r=4$")
    assert verify_password(password, verified.upgraded, COST).ok
    assert not verify_password(password.upper() + "?", stored, COST).ok


def test_a_long_password_of_another_design_was_cut_at_72_bytes_and_still_opens() -> None:
    long = "ł" * 50
    stored = bcrypt.hashpw(long.encode()[:72], bcrypt.gensalt(COST)).decode()
    assert verify_password(long, stored, COST).ok


def test_a_password_of_another_design_was_not_normalised_and_still_opens() -> None:
    typed = unicodedata.normalize("NFD", "Amélie")
    stored = bcrypt.hashpw(typed.encode(), bcrypt.gensalt(COST)).decode()
    assert verify_password(typed, stored, COST).ok


def test_a_cheaper_hash_is_made_anew_and_a_dearer_one_is_kept() -> None:
    assert (dearer := verify_password("a cheap one", hash_password("a cheap one", 4), 5).upgraded)
    assert ",r=5$" in dearer
    assert verify_password("a dear one", hash_password("a dear one", 5), 4).upgraded is None


@pytest.mark.parametrize(
    "stored",
    [
        None,
        "",
        "!",
        "plain text",
        "$2b$04$short",
        PLAIN.replace("$05$", "$31$"),
        OURS.replace("r=5", "r=31"),
        DJANGO.replace("260000", "99999999999"),
        "argon2$argon2id$v=19$m=102400,t=2,p=8$c2FsdA$aGFzaA",
    ],
)
def test_what_is_no_hash_that_we_know_never_matches(stored: str | None) -> None:
    for password in ("", "!", "plain text", "password"):
        assert not verify_password(password, stored, COST).ok


@pytest.mark.parametrize(
    "stored", [None, "!", OURS, OURS.replace("r=5", "r=6"), PLAIN, PLAIN.replace("$05$", "$04$")]
)
def test_every_refusal_costs_the_same_work(stored: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    rounds = 0
    real_hash, real_check = bcrypt.hashpw, bcrypt.checkpw

    def counted_hash(password: bytes, salt: bytes) -> bytes:
        nonlocal rounds
        rounds += 2 ** int(salt[4:6])
        return real_hash(password, salt)

    def counted_check(password: bytes, stored: bytes) -> bool:
        nonlocal rounds
        rounds += 2 ** int(stored[4:6])
        return real_check(password, stored)

    monkeypatch.setattr(bcrypt, "hashpw", counted_hash)
    monkeypatch.setattr(bcrypt, "checkpw", counted_check)
    assert not verify_password("a wrong one", stored, 6).ok
    assert rounds == 2**6

import re
from base64 import b64encode
from hashlib import sha256

from app.graphiql import page, policy


def test_k108_the_page_loads_nothing_from_elsewhere() -> None:
    html = page("/graphql")
    loaded = re.findall(r'(?:src|href)="([^"]+)"', html)
    assert len(loaded) > 4
    assert {address for address in loaded if not address.startswith("/graphql/assets/")} == {"data:,"}
    assert "//" not in re.sub(r"^\s*//.*$", "", html, flags=re.MULTILINE)


def test_its_policy_lets_it_run_its_own_script_and_no_other() -> None:
    html = page("/graphql")
    (script,) = re.findall(r"<script>(.*?)</script>", html, re.DOTALL)
    digest = b64encode(sha256(script.encode()).digest()).decode()
    rules = dict(rule.strip().split(" ", 1) for rule in policy(html).split(";"))
    assert rules["default-src"] == rules["base-uri"] == rules["frame-ancestors"] == "'none'"
    assert rules["script-src"] == f"'self' 'sha256-{digest}'"
    assert {"'self'", "data:", "'unsafe-inline'"} >= set(
        " ".join(rules[k] for k in ("style-src", "img-src")).split()
    )


def test_with_the_cookie_it_signs_in_by_itself() -> None:
    assert "let refreshing = true;" in page(with_cookie=True)
    assert "let refreshing = false;" in page()


def test_a_document_cannot_end_the_script() -> None:
    assert "</script>{" not in page(first_document="# </script>{ a }")

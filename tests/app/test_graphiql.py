import re

from app.graphiql import page


def test_the_page_loads_nothing_from_elsewhere() -> None:
    html = page("/graphql")
    loaded = re.findall(r'(?:src|href)="([^"]+)"', html)
    assert len(loaded) > 4
    assert {address for address in loaded if not address.startswith("/graphql/assets/")} == {"data:,"}
    assert "//" not in re.sub(r"^\s*//.*$", "", html, flags=re.MULTILINE)


def test_a_document_cannot_end_the_script() -> None:
    assert "</script>{" not in page(first_document="# </script>{ a }")

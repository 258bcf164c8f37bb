from xml.etree import ElementTree as ET

from recsys.evaluation.bars import bars

SVG = "{http://www.w3.org/2000/svg}"


def test_bars_are_as_long_as_their_share_of_the_longest_in_their_panel() -> None:
    panels = {"a & b": {"ours": 200.0, "theirs": 50.0}, "c": {"ours": 1.0, "theirs": 4.0}}
    root = ET.fromstring(bars("<Rates>", panels, columns=2, first="ours"))
    background, *drawn = root.iter(f"{SVG}rect")
    lengths = [float(rect.attrib["width"]) for rect in drawn]
    assert [length / max(lengths) for length in lengths] == [1.0, 0.25, 0.25, 1.0]
    assert drawn[0].attrib["fill"] == drawn[2].attrib["fill"] != drawn[1].attrib["fill"]
    texts = {text.text for text in root.iter(f"{SVG}text")}
    assert {"<Rates>", "a & b", "ours", "theirs", "200", "50"} <= texts
    ends = [float(rect.attrib["x"]) + float(rect.attrib["width"]) for rect in drawn]
    assert max(ends) < float(background.attrib["width"])

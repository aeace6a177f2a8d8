import re

from PIL import Image

from colorizer.pictures.report import Drawing, Group, Part, Table, save_report

_HOSTILE = '<script>alert("a")</script>\x1b[31m'


def test_a_report_holds_its_pictures_and_asks_for_nothing_else(tmp_path):
    picture = Image.new("RGB", (40, 30), (200, 10, 10))
    parts = [
        Part("First", ("Words.",), ("Found.",), (Group(_HOSTILE, (Drawing("red", picture, _HOSTILE),)),)),
        Part("Second", (), (), (Group(table=Table(("layer", "n"), ((_HOSTILE, "1"),))),)),
    ]
    saved = save_report(tmp_path, "report.html", "Inside a model", ("Introduction.",), parts)
    page = saved.page.read_text(encoding="utf-8")
    assert saved.pictures == (tmp_path / "red.png",)
    with Image.open(saved.pictures[0]) as written:
        assert written.size == (40, 30)
    assert "<script" not in page
    assert "\x1b" not in page
    assert re.findall(r'(?:src|href)="(?!data:image/png;base64,|#part-[12]")', page) == []
    assert "://" not in page
    assert page.count("data:image/png;base64,") == 1


def test_a_second_report_takes_other_names(tmp_path):
    part = Part("Only", (), (), (Group("", (Drawing("gray", Image.new("L", (8, 8)), "Gray."),)),))
    first, second = (save_report(tmp_path, "report.html", "Inside", (), [part]) for _ in range(2))
    assert first.page != second.page
    assert first.pictures != second.pictures

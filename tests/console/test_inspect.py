import pytest

from tests.conftest import SHIPPED, only

pytestmark = pytest.mark.slow


def test_inspecting_ends_with_a_report_and_its_pictures(command, small_model, tmp_path):
    flags = [
        "--dataset",
        SHIPPED / "coffee.png",
        "--model",
        small_model,
        "--point",
        "300,200",
        "--output",
        tmp_path / "out",
    ]
    done = command("inspect", *flags, "--yes")
    assert done.returncode == 0, done.stdout + done.stderr
    run = only(tmp_path / "out" / "results", "inspect-*")
    assert (run / "report.html").is_file()
    assert list(run.glob("*.png"))
    assert str(run.relative_to(tmp_path) / "report.html") in done.stdout


def test_a_point_that_is_none_is_a_wrong_use(command):
    done = command("inspect", "--point", "here", "--yes")
    assert done.returncode == 2
    assert "'here' is not a point" in done.stderr

import pytest
from PIL import Image

from colorizer.errors import ColorizeError
from colorizer.network.model_files import load_model
from colorizer.runs.folders import new_run
from colorizer.runs.inspect import InspectJob, inspect_network
from tests.conftest import SHIPPED

PHOTOS = (SHIPPED / "chelsea.png", SHIPPED / "camera.png")


@pytest.mark.slow
def test_a_report_tells_of_a_model_of_ones_own_and_of_photos_with_colours_and_without(tmp_path, small_model):
    seen = []
    truths = {PHOTOS[0]: PHOTOS[0]}
    job = InspectJob(load_model(small_model), PHOTOS, SHIPPED, new_run(tmp_path, "inspect"), truths, point=(200, 150))
    result = inspect_network(job, lambda done, total: seen.append((done, total)))
    assert seen == sorted(seen)
    assert seen[-1][0] == seen[-1][1]
    page = result.report.read_text(encoding="utf-8")
    assert result.report == job.run.results / "report.html"
    assert all(title in page for title in ("Layers", "Activations", "Why this color?", "Uncertainty", "Errors"))
    assert page.count("<figure") == len(result.pictures) > 10
    for path in result.pictures:
        assert path.parent == job.run.results
        with Image.open(path) as picture:
            assert picture.format == "PNG"
    assert any("rank correlation" in sentence for sentence in result.findings)
    for photo in PHOTOS:
        assert photo.name in page


def test_a_point_that_lies_in_no_photo_is_refused_before_anything_is_written(tmp_path, small_model):
    job = InspectJob(load_model(small_model), PHOTOS, SHIPPED, new_run(tmp_path, "inspect"), point=(5000, 10))
    with pytest.raises(ColorizeError, match="5000,10 lies outside"):
        inspect_network(job)
    assert list(job.run.results.iterdir()) == []

import hashlib
import io
import json

from colorizer.console.evaluate import tell_learned_from
from colorizer.console.terminal import Console


def test_photos_that_a_model_learned_from_are_told_however_the_model_was_named(tmp_path):
    photos = [tmp_path / f"{number}.jpg" for number in range(3)]
    for photo in photos:
        photo.write_bytes(b"photo")
    marks = [hashlib.sha256(f"{photo.name}:5".encode()).hexdigest()[:12] for photo in photos]

    def told(learned_from: list[str]) -> str:
        (tmp_path / "model.json").write_text(json.dumps({"learned_from": learned_from}))
        heard = io.StringIO()
        tell_learned_from(Console(io.StringIO(), heard), tmp_path / "model.h5", photos)
        return heard.getvalue()

    assert told([]) == ""
    assert told(marks[:1]).startswith("1 of 3 photos is among those this model learned from")
    assert told(marks[:2]).startswith("2 of 3 photos are among those this model learned from")

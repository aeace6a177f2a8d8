import numpy as np
import pytest
from PIL import Image

from benchmarks.made_films import gray
from colorizer.errors import ColorizeError
from colorizer.film.animations import read_animation, write_animation
from tests.film.scenes import ASTRONAUT, pan


def test_a_gif_that_is_cut_off_anywhere_is_read_or_refused_with_a_sentence(tmp_path):
    shown = [Image.fromarray(levels) for levels in gray(pan(ASTRONAUT, 3, width=40, height=30).frames)]
    shown[0].save(tmp_path / "whole.gif", save_all=True, append_images=shown[1:])
    content = (tmp_path / "whole.gif").read_bytes()
    said = set()
    for count in range(1, len(content), 31):
        (tmp_path / "a.gif").write_bytes(content[:count])
        try:
            read_animation(tmp_path / "a.gif")
        except ColorizeError as error:
            said.add(str(error))
    assert len(said) > 1
    assert all(sentence.startswith(f"Cannot read {tmp_path / 'a.gif'} as an animated picture: ") for sentence in said)


def test_what_is_too_wide_for_a_webp_is_a_sentence_and_leaves_no_file(tmp_path):
    Image.fromarray(np.zeros((2, 16_383), np.uint8)).save(tmp_path / "a.webp")
    animation = read_animation(tmp_path / "a.webp")
    with pytest.raises(ColorizeError, match=r"Could not write .*b\.webp"):
        write_animation(tmp_path / "b.webp", animation, iter([Image.new("RGB", (16_384, 2))]))
    assert [path.name for path in tmp_path.iterdir()] == ["a.webp"]

import threading

from PIL import Image

from colorizer.photos.memory import memory_used_again


def settings() -> tuple[int, int]:
    return Image.core.get_block_size(), Image.core.get_blocks_max()


def test_pillow_is_as_before_when_the_last_of_several_users_has_left():
    before = settings()
    first, second = memory_used_again(), memory_used_again()
    first.__enter__()
    changed = settings()
    assert changed != before
    second.__enter__()
    first.__exit__(None, None, None)  # the first to come is the first to leave
    assert settings() == changed
    second.__exit__(None, None, None)
    assert settings() == before


def test_users_in_many_threads_leave_pillow_as_it_was():
    before, seen, together = settings(), [], threading.Barrier(8)

    def use() -> None:
        for _ in range(50):
            with memory_used_again():
                seen.append(settings())
        together.wait()

    threads = [threading.Thread(target=use) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(seen)) == 1
    assert settings() == before

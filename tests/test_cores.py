"""Work that is shared out among the cores."""

import multiprocessing
import threading
import time

import pytest

from monitor.cores import together


def test_results_come_in_the_order_of_the_parts():
    def slow_first(part: int) -> int:
        time.sleep(0.02 if part == 0 else 0)
        return part * part

    assert together(slow_first, range(20)) == [part * part for part in range(20)]


def test_parts_may_share_out_parts_of_their_own():
    def row(number: int) -> list[int]:
        return together(lambda column: number * 10 + column, range(5))

    assert together(row, range(8)) == [[number * 10 + column for column in range(5)] for number in range(8)]


def test_several_threads_share_the_helpers():
    found: dict[int, list[int]] = {}

    def work(number: int) -> None:
        found[number] = together(lambda part: part + number, range(50))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert found == {number: list(range(number, number + 50)) for number in range(6)}


@pytest.mark.parametrize("wrong", [0, 7])
def test_an_error_of_a_part_is_raised(wrong):
    def work(part: int) -> int:
        if part == wrong:
            raise ValueError("wrong")
        return part

    with pytest.raises(ValueError, match="wrong"):
        together(work, range(8))
    assert together(lambda part: part, range(3)) == [0, 1, 2]


def square_sum(queue: "multiprocessing.Queue[int]") -> None:
    queue.put(sum(together(lambda part: part * part, range(10))))


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_forked_process_has_helpers_of_its_own():
    together(lambda part: part, range(4))
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    child = context.Process(target=square_sum, args=(queue,))
    child.start()
    assert queue.get(timeout=20) == 285
    child.join(20)

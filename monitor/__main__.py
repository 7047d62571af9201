"""`monitor` and `python -m monitor`."""

from monitor.processor import sort_without_avx512

sort_without_avx512()  # before anything imports NumPy

from monitor.cli import main  # noqa: E402

if __name__ == "__main__":
    main()

from pathlib import Path

HERE = Path(__file__).parent

pytest_plugins = [f"tests.{name}" for name in ("servers", "databases") if (HERE / f"{name}.py").exists()]

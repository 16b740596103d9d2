"""The SDK's version, of which pyproject.toml has the same."""

VERSION = "1.0.0"
SDK = f"python {VERSION}"

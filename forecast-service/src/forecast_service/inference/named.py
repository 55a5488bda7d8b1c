"""How a model that serves is called: what stands in every run that it makes."""


class NamedVersion:
    """One version of a registered model; the half of ``ports.Forecaster`` that says who it is."""

    def __init__(self, name: str, version: str, model_hash: str) -> None:
        """Name it.

        Args:
            name: Registered model name.
            version: Version under that name.
            model_hash: 0x-prefixed SHA-256 of the artifact's manifest.
        """
        self._name, self._version, self._hash = name, version, model_hash

    @property
    def name(self) -> str:
        """Registered model name."""
        return self._name

    @property
    def version(self) -> str:
        """Version under that name."""
        return self._version

    @property
    def model_hash(self) -> str:
        """Hash of the artifact's manifest."""
        return self._hash

"""What a network that writes has besides the sizes of its layers."""

from dataclasses import dataclass

from rnnapps.errors import require


@dataclass(frozen=True)
class WriterConfig:
    """For --task write, with --units, --depth and --layer-dropout."""

    window_components: int = 10
    """Gaussians of the window over the text"""
    mixture_components: int = 20
    """Gaussians of the next step of the pen"""
    least_count: int = 20
    """how often a character must come in the training lines; lines with rarer ones are left out"""
    most_steps: int = 512
    """steps of the pen of a line; longer ones are left out"""

    def __post_init__(self):
        for field in ("window_components", "mixture_components", "least_count"):
            require(self, field, getattr(self, field) >= 1, "at least 1")
        require(self, "most_steps", 8 <= self.most_steps <= 4096, "from 8 to 4096")

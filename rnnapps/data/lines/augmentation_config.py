"""The options of the augmentation of lines."""

from dataclasses import dataclass

from rnnapps.errors import require


@dataclass(frozen=True)
class LineAugmentationConfig:
    """How training lines are changed, anew in every epoch; validation and test lines never are."""

    slant: float = 0.3
    """by how much letters lean to either side, at most: 0.3 moves the top of one of height 1 by 0.3"""
    skew: float = 2.0
    """degrees by which a line rises or falls, at most; on paper less where it would leave its picture by
    more than a tenth"""
    stretch: float = 0.15
    """share by which a line is made wider or narrower, at most"""
    pace: float = 0.15
    """of ink: share by which letters get wider and narrower again in the course of a line, at most"""
    stroke_noise: float = 0.06
    """of ink: how far strokes are bent out of their way by smooth noise: its standard deviation, in
    heights of small letters"""
    drop_points: float = 0.2
    """of ink: share of the points within strokes that are left out, at most, as a slower pen would"""
    elastic: float = 0.03
    """of paper: share of the height by which a random curve moves points, at most"""
    size: float = 0.0
    """of paper: share by which letters are made higher or lower in their picture, at most"""
    shift: float = 0.0
    """of paper: share of the height by which a line is moved up or down, at most"""
    thickness: float = 0.6
    """of paper: how much strokes are made thicker or thinner, at most: 1 is by a pixel on each side"""
    blur: float = 0.8
    """of paper: standard deviation of the blur, in pixels, at most"""
    contrast: float = 0.4
    """of paper: share of the contrast that is lost, at most: ink becomes paler"""
    brightness: float = 0.15
    """of paper: share of the light that is lost, at most: paper becomes darker, and ink with it"""
    noise: float = 0.06
    """of paper: standard deviation of the noise, as a share of full contrast, at most"""

    def __post_init__(self):
        require(self, "slant", 0 <= self.slant <= 1, "0 to 1")
        require(self, "skew", 0 <= self.skew <= 10, "0 to 10 (degrees)")
        for field in ("stretch", "pace", "size", "shift"):
            require(self, field, 0 <= getattr(self, field) <= 0.5, "0 to 0.5")
        require(self, "stroke_noise", 0 <= self.stroke_noise <= 1, "0 to 1 (heights)")
        for field in ("drop_points", "contrast", "brightness"):
            require(self, field, 0 <= getattr(self, field) <= 0.9, "0 to 0.9")
        require(self, "elastic", 0 <= self.elastic <= 0.2, "0 to 0.2")
        require(self, "thickness", 0 <= self.thickness <= 1, "0 to 1")
        require(self, "blur", 0 <= self.blur <= 5, "0 to 5 (pixels)")
        require(self, "noise", 0 <= self.noise <= 0.5, "0 to 0.5")

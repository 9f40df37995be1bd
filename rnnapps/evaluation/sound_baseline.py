"""The classifier that a network on sound clips has to beat."""

import logging

import numpy as np

COEFFICIENTS = 20
STRENGTHS = (1.0, 3.0, 10.0, 30.0, 100.0)  # inverse regularisation
MOST = 10_000  # training clips: the time grows with their square

log = logging.getLogger(__name__)


def mfcc_statistics(log_mel: np.ndarray) -> np.ndarray:
    """Statistics over time of cepstral coefficients (Davis and Mermelstein 1980) and their differences.

    Args:
        log_mel: `(rows, time, mels)`, at least two frames.

    Returns:
        float32 `(rows, 80)` with 20 or more mels: mean and deviation of the first 20 coefficients of the
        discrete cosine transform, and of the differences from frame to frame.
    """
    from scipy.fft import dct

    coefficients = dct(log_mel, type=2, axis=2, norm="ortho")[:, :, :COEFFICIENTS]
    deltas = np.diff(coefficients, axis=1)
    parts = [part for x in (coefficients, deltas) for part in (x.mean(axis=1), x.std(axis=1))]
    return np.concatenate(parts, axis=1).astype("float32")


def mfcc_baseline(
    train: tuple[np.ndarray, np.ndarray], validation: tuple[np.ndarray, np.ndarray], test: np.ndarray
) -> tuple[str, np.ndarray]:
    """MFCC statistics and a support vector machine with a radial kernel, as scikit-learn has it.

    Args:
        train: log-mel spectrograms `(rows, time, mels)` and their int classes; of more than 10,000 it
            learns from as many, chosen at random.
        validation: spectrograms and classes that choose the strength of the regularisation.
        test: spectrograms to classify.

    Returns:
        The name of the baseline with the strength chosen, and the predicted classes, int `(rows,)`.
    """
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVC

    x, y = train
    if len(x) > MOST:
        log.info("the baseline learns from %d of the training clips", MOST)
        chosen = np.random.default_rng(0).permutation(len(x))[:MOST]
        x, y = x[chosen], y[chosen]
    features, validation_features = mfcc_statistics(x), mfcc_statistics(validation[0])
    models = [
        make_pipeline(StandardScaler(), SVC(C=strength)).fit(features, y) for strength in STRENGTHS
    ]
    scores = [model.score(validation_features, validation[1]) for model in models]
    best = int(np.argmax(scores))
    name = f"MFCC statistics + SVM with radial kernel (C={STRENGTHS[best]:g}, chosen on validation)"
    return name, models[best].predict(mfcc_statistics(test))

"""The classifier that a network on sound clips has to beat."""

import numpy as np

COEFFICIENTS = 20
STRENGTHS = (1.0, 3.0, 10.0, 30.0, 100.0)  # inverse regularisation


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
    train: tuple[np.ndarray, np.ndarray], valid: tuple[np.ndarray, np.ndarray], test: np.ndarray
) -> tuple[str, np.ndarray]:
    """MFCC statistics and a support vector machine with a radial kernel, as scikit-learn has it.

    Args:
        train: log-mel spectrograms `(rows, time, mels)` and their int classes.
        valid: spectrograms and classes that choose the strength of the regularisation.
        test: spectrograms to classify.

    Returns:
        The name of the baseline with the strength chosen, and the predicted classes, int `(rows,)`.
    """
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVC

    features, valid_features = mfcc_statistics(train[0]), mfcc_statistics(valid[0])
    models = [
        make_pipeline(StandardScaler(), SVC(C=strength)).fit(features, train[1])
        for strength in STRENGTHS
    ]
    scores = [model.score(valid_features, valid[1]) for model in models]
    best = int(np.argmax(scores))
    name = f"MFCC statistics + SVM with radial kernel (C={STRENGTHS[best]:g}, chosen on valid)"
    return name, models[best].predict(mfcc_statistics(test))

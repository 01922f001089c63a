"""Gradients of the SDM activation with respect to similarity and distance."""
import numpy as np

from toolkit.softmax._sdm import log_sdm, sdm

__all__ = []


def _sums(z, g, of_logs, options, axis):
    """``sum g_i dp_i / ds`` for ``s = d ln(2 + q)``, or of logarithms, ``sum g_i (z_i - <p, z>)``; of each row."""
    p = sdm(z, **options)
    z, axis = np.where(p > 0, z, 0.0), tuple(range(p.ndim)) if axis is None else axis
    t = z - (p * z).sum(axis=axis, keepdims=True)
    g = np.where(np.isneginf(log_sdm(z, **options)), 0.0, g)
    return (g * (t if of_logs else p * t)).sum(axis=axis), axis


def _as(given, found):
    """One number for all rows, if one was given."""
    return found.sum() if np.ndim(given) == 0 else found


def distance_pull(z, g, *, similarity, distance, axis=-1, where=None):
    """Of the probabilities, with respect to d."""
    options = {"similarity": similarity, "distance": distance, "axis": axis, "where": where}
    return _as(distance, _sums(z, g, False, options, axis)[0] * np.log(2.0 + np.asarray(similarity)))


def similarity_pull(z, g, *, similarity, distance, axis=-1, where=None):
    """Of the probabilities, with respect to q."""
    options = {"similarity": similarity, "distance": distance, "axis": axis, "where": where}
    return _as(similarity, _sums(z, g, False, options, axis)[0] * np.asarray(distance) / (2.0 + np.asarray(similarity)))


def log_distance_pull(z, g, *, similarity, distance, axis=-1, where=None):
    """Of the logarithms, with respect to d."""
    options = {"similarity": similarity, "distance": distance, "axis": axis, "where": where}
    return _as(distance, _sums(z, g, True, options, axis)[0])


def log_similarity_pull(z, g, *, similarity, distance, axis=-1, where=None):
    """Of the logarithms, with respect to q: the base is in the exponent and below the logarithm."""
    options = {"similarity": similarity, "distance": distance, "axis": axis, "where": where}
    through, axis = _sums(z, g, True, options, axis)
    logs, base = log_sdm(z, **options), 2.0 + np.asarray(similarity)
    direct = np.where(np.isneginf(logs), 0.0, np.asarray(g) * np.where(np.isneginf(logs), 0.0, logs)).sum(axis=axis)
    return _as(similarity, (np.asarray(distance) * through - direct) / (base * np.log(base)))

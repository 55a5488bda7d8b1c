"""Fits a candidate model on stored history, judges it out of sample and promotes it, or not."""

from forecast_service.training.options import TrainingOptions
from forecast_service.training.train import TrainingReport, run_training, train

__all__ = ["TrainingOptions", "TrainingReport", "run_training", "train"]

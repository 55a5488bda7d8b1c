-- Beside gridseal, which the image makes: the registry of models.
CREATE DATABASE mlflow;

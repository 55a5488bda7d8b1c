"""The demand model of ``/predict``: twenty columns in, one hour's demand out. Trees and a linear rival."""

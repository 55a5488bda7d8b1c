COMMENT ON COLUMN ledger.late IS
    'inserted readings that fell into a window which a newer one of the same device and quantity had followed';

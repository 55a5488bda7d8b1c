"""Sign-In with Ethereum (EIP-4361): a wallet proves its address, the chain says what it may do."""

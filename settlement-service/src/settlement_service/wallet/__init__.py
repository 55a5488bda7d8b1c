"""What a person with a wallet needs: contracts and their ABIs, what may be sent, what an account has."""

"""The page on which a slide is reviewed, and the server on this computer that it comes from."""

"""A virtual runner wearing virtual sensors on a virtual radio."""

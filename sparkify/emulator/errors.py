"""An error as AWS's services answer it."""


class ApiError(Exception):
    """An answer that is an error: (code, message)."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code, self.status = code, status


def invalid(message: str) -> ApiError:
    """What Redshift answers to a value that cannot be."""
    return ApiError("InvalidParameterValue", message)

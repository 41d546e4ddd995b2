"""Schemathesis, an independent reader of our OpenAPI document, sends what nobody thought of."""

from pathlib import Path

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import Case

from radlens.api.app import create_api
from tests.builders import let_in, tiny_site


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_no_request_gets_a_server_error_or_an_error_of_another_shape(tmp_path: Path) -> None:
    with tiny_site(tmp_path, upload_bytes=200_000) as site:
        document = schemathesis.openapi.from_asgi("/v1/openapi.json", let_in(create_api(site)))
        operations = [found.ok() for found in document.get_all_operations()]
        assert len(operations) >= 10
        for operation in operations:

            @given(case=operation.as_strategy())
            @settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
            def answers(case: Case) -> None:
                response = case.call()
                assert response.status_code != 500, response.text
                if response.status_code >= 400:
                    error = response.json()["error"]
                    assert error["kind"]
                    assert error["message"]
                    assert error["hint"]

            answers()

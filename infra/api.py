"""The HTTP API in front of the functions: each route needs a token."""

from __future__ import annotations

import json
from collections.abc import Mapping

import aws_cdk as cdk
from aws_cdk import aws_apigatewayv2 as apigwv2
from aws_cdk import aws_apigatewayv2_authorizers as authorizers
from aws_cdk import aws_apigatewayv2_integrations as integrations
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra import names
from infra.functions import retention
from infra.settings import Settings
from infra.sign_in import SignIn
from postwright.routes import REST, ROUTES

_LOGGED = {
    "at": "$context.requestTime",
    "request": "$context.requestId",
    "route": "$context.routeKey",
    "status": "$context.status",
    "milliseconds": "$context.responseLatency",
    "caller": "$context.authorizer.claims.sub",
    "from": "$context.identity.sourceIp",
    "error": "$context.error.message",
    "authorizerError": "$context.authorizer.error",
    "functionError": "$context.integrationErrorMessage",
}
"""What is logged of a request: never its body, its query or its token."""


class Api(Construct):
    """The API without routes: those come with `serve`, when it is known who may sign in."""

    def __init__(self, scope: Construct, *, settings: Settings) -> None:
        super().__init__(scope, "Api")
        self.api = apigwv2.HttpApi(self, "Http", create_default_stage=False)
        log = logs.LogGroup(
            self,
            "Log",
            retention=retention(settings),
            removal_policy=cdk.RemovalPolicy.DESTROY,
        )
        apigwv2.CfnStage(
            self,
            "Stage",
            api_id=self.api.api_id,
            stage_name="$default",
            auto_deploy=True,
            default_route_settings=apigwv2.CfnStage.RouteSettingsProperty(
                throttling_rate_limit=50, throttling_burst_limit=100, detailed_metrics_enabled=True
            ),
            access_log_settings=apigwv2.CfnStage.AccessLogSettingsProperty(
                destination_arn=log.log_group_arn, format=json.dumps(_LOGGED)
            ),
        )
        self.host = f"{self.api.api_id}.execute-api.{cdk.Aws.REGION}.{cdk.Aws.URL_SUFFIX}"

    def serve(self, functions: Mapping[str, lambda_.Function], sign_in: SignIn) -> None:
        """Add every route, each behind the sign-in."""
        authorizer = authorizers.HttpJwtAuthorizer(
            "SignedIn", sign_in.issuer, jwt_audience=[sign_in.client_id]
        )
        for method, path, function in (*ROUTES, ("ANY", "/api/{proxy+}", REST)):
            self.api.add_routes(
                path=path,
                methods=[apigwv2.HttpMethod[method]],
                authorizer=authorizer,
                integration=integrations.HttpLambdaIntegration(
                    names.title(function), functions[function]
                ),
            )

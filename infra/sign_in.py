"""Who may use the API: a Cognito user pool of our own, or the OpenID Connect that is named."""

from __future__ import annotations

from dataclasses import dataclass

import aws_cdk as cdk
from aws_cdk import aws_cognito as cognito
from constructs import Construct

from infra.findings import accept
from infra.settings import Settings


@dataclass(frozen=True)
class SignIn:
    """What authorizer and page need to know; `domain` is the origin of the sign-in pages."""

    issuer: str
    client_id: str
    domain: str | None


def pages_of(settings: Settings) -> str | None:
    """The origin of the sign-in pages; its name is known before anything is made."""
    if settings.issuer is not None:
        return settings.sign_in_domain
    return f"https://{_prefix(settings)}.auth.{cdk.Aws.REGION}.amazoncognito.com"


def _prefix(settings: Settings) -> str:
    """Names of these domains are unique in a region, over all accounts."""
    return f"{settings.stack_name.lower()}-{cdk.Aws.ACCOUNT_ID}"


class UserPool(Construct):
    """People whom an administrator adds; nobody can register. They sign in at Cognito's pages."""

    def __init__(self, scope: Construct, *, settings: Settings, origin: str) -> None:
        super().__init__(scope, "SignIn")
        pool = cognito.UserPool(
            self,
            "Users",
            self_sign_up_enabled=False,
            sign_in_aliases=cognito.SignInAliases(email=True),
            password_policy=cognito.PasswordPolicy(
                min_length=12,
                require_lowercase=True,
                require_uppercase=True,
                require_digits=True,
                require_symbols=True,
            ),
            mfa=cognito.Mfa.OPTIONAL,
            mfa_second_factor=cognito.MfaSecondFactor(otp=True, sms=False),
            account_recovery=cognito.AccountRecovery.EMAIL_ONLY,
            removal_policy=(
                cdk.RemovalPolicy.DESTROY if settings.delete_data else cdk.RemovalPolicy.RETAIN
            ),
        )
        accept(
            pool,
            {
                "AwsSolutions-COG2": "A second factor can be set up by each user. It cannot be"
                " required here, because the first sign-in may come from a script.",
                "AwsSolutions-COG8": "The plan Plus costs per user; Essentials has what is needed.",
            },
        )
        pool.add_domain(
            "Domain", cognito_domain=cognito.CognitoDomainOptions(domain_prefix=_prefix(settings))
        )
        client = pool.add_client(
            "Page",
            generate_secret=False,
            auth_flows=cognito.AuthFlow(user_srp=True),
            prevent_user_existence_errors=True,
            supported_identity_providers=[cognito.UserPoolClientIdentityProvider.COGNITO],
            access_token_validity=cdk.Duration.hours(1),
            id_token_validity=cdk.Duration.hours(1),
            refresh_token_validity=cdk.Duration.days(7),
            o_auth=cognito.OAuthSettings(
                flows=cognito.OAuthFlows(authorization_code_grant=True),
                scopes=[cognito.OAuthScope.OPENID, cognito.OAuthScope.EMAIL],
                callback_urls=[f"{origin}/"],
                logout_urls=[f"{origin}/"],
            ),
        )
        self.sign_in = SignIn(
            pool.user_pool_provider_url, client.user_pool_client_id, pages_of(settings)
        )

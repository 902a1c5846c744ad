"""One origin for everything: CloudFront serves the page and passes `/api/*` to the HTTP API.

Because both have the same origin, no rules for cross-site requests are needed.
"""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_cloudfront_origins as origins
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_s3_deployment as deployment
from constructs import Construct

from infra import names
from infra.findings import accept, wildcard
from infra.settings import Settings
from infra.sign_in import SignIn
from infra.storage import private_bucket


class Site(Construct):
    """`origin` is the address of page and API. The page is there when the folder web/ is."""

    def __init__(
        self,
        scope: Construct,
        *,
        api_host: str,
        media: s3.IBucket,
        sign_in_pages: str | None,
    ) -> None:
        super().__init__(scope, "Site")
        self._page = private_bucket(
            self,
            "Page",
            removal_policy=cdk.RemovalPolicy.DESTROY,  # its content comes from web/
        )
        headers = self._headers(media, sign_in_pages)
        self._distribution = cloudfront.Distribution(
            self,
            "Distribution",
            comment="Postwright: the page, and /api/*",
            default_root_object="index.html",
            http_version=cloudfront.HttpVersion.HTTP2_AND_3,
            minimum_protocol_version=cloudfront.SecurityPolicyProtocol.TLS_V1_2_2021,
            default_behavior=cloudfront.BehaviorOptions(
                origin=origins.S3BucketOrigin.with_origin_access_control(self._page),
                viewer_protocol_policy=cloudfront.ViewerProtocolPolicy.REDIRECT_TO_HTTPS,
                response_headers_policy=headers,
            ),
            additional_behaviors={
                "/api/*": cloudfront.BehaviorOptions(
                    origin=origins.HttpOrigin(
                        api_host, origin_ssl_protocols=[cloudfront.OriginSslPolicy.TLS_V1_2]
                    ),
                    viewer_protocol_policy=cloudfront.ViewerProtocolPolicy.HTTPS_ONLY,
                    allowed_methods=cloudfront.AllowedMethods.ALLOW_ALL,
                    cache_policy=cloudfront.CachePolicy.CACHING_DISABLED,
                    origin_request_policy=(
                        cloudfront.OriginRequestPolicy.ALL_VIEWER_EXCEPT_HOST_HEADER
                    ),
                    response_headers_policy=headers,
                )
            },
        )
        accept(self._page, {"AwsSolutions-S1": "It holds the page alone, which has no secrets."})
        accept(
            self._distribution,
            {
                "AwsSolutions-CFR1": "Where the people of an account live is not known here.",
                "AwsSolutions-CFR2": "Every call of the API needs a token and is slowed down by the"
                " stage; the page is static. A web firewall costs 5 USD a month and more.",
                "AwsSolutions-CFR3": "The calls that matter are in the API's access log.",
                "AwsSolutions-CFR4": "CloudFront's own certificate sets the minimum of TLS; with a"
                " domain of one's own the policy TLSv1.2_2021 holds.",
            },
        )
        self.origin = f"https://{self._distribution.distribution_domain_name}"

    def deploy(self, settings: Settings, sign_in: SignIn) -> None:
        """Put the page there, with `config.json` that says where to sign in and `openapi.json`
        that describes the API.
        """
        if not settings.web.is_dir():
            return
        deployment.BucketDeployment(
            self,
            "Content",
            sources=[
                deployment.Source.asset(str(settings.web)),
                deployment.Source.data("openapi.json", names.OPENAPI.read_text(encoding="utf-8")),
                deployment.Source.json_data(
                    "config.json",
                    {
                        "api": "/api",
                        "issuer": sign_in.issuer,
                        "clientId": sign_in.client_id,
                        "signInDomain": sign_in.domain,
                    },
                ),
            ],
            destination_bucket=self._page,
            distribution=self._distribution,
            cache_control=[deployment.CacheControl.no_cache()],
            log_group=logs.LogGroup(
                self,
                "ContentLog",
                retention=logs.RetentionDays.ONE_WEEK,
                removal_policy=cdk.RemovalPolicy.DESTROY,
            ),
        )
        self._accept_custom_resource()

    def _accept_custom_resource(self) -> None:
        """The CDK's own function that copies the page: used at deployment only."""
        place = "arn:<AWS::Partition>"
        assets = f"{place}:s3:::cdk-hnb659fds-assets-<AWS::AccountId>-<AWS::Region>"
        found = (
            f"AwsSolutions-IAM4[Policy::{place}:iam::aws:policy/service-role/{_LOGS_OF_CDK}]",
            *(f"AwsSolutions-IAM5[Action::s3:{action}*]" for action in _ACTIONS_OF_CDK),
            f"AwsSolutions-IAM5[Resource::{assets}/*]",
            wildcard(self, self._page.arn_for_objects("*")),
            wildcard(self, "*"),
            "AwsSolutions-L1",
            "Serverless-LambdaDLQ",
            "Serverless-LambdaLatestVersion",
            "Serverless-LambdaTracing",
        )
        for child in cdk.Stack.of(self).node.children:
            if child.node.id.startswith("Custom::CDKBucketDeployment"):
                accept(child, dict.fromkeys(found, _WHY_OF_CDK))

    def _headers(self, media: s3.IBucket, pages: str | None) -> cloudfront.ResponseHeadersPolicy:
        # Presigned URLs name the host of the region, which in us-east-1 is the global one.
        hosts = (media.bucket_domain_name, media.bucket_regional_domain_name)
        thumbnails = " ".join(f"https://{host}" for host in hosts)
        policy = "; ".join(
            (
                "default-src 'none'",
                "script-src 'self'",
                "style-src 'self'",
                f"img-src 'self' {thumbnails}",
                f"media-src {thumbnails}",
                " ".join(("connect-src 'self'", *([pages] if pages else []))),
                "base-uri 'none'",
                "form-action 'none'",
                "frame-ancestors 'none'",
            )
        )
        return cloudfront.ResponseHeadersPolicy(
            self,
            "Headers",
            security_headers_behavior=cloudfront.ResponseSecurityHeadersBehavior(
                content_security_policy=cloudfront.ResponseHeadersContentSecurityPolicy(
                    content_security_policy=policy, override=True
                ),
                content_type_options=cloudfront.ResponseHeadersContentTypeOptions(override=True),
                frame_options=cloudfront.ResponseHeadersFrameOptions(
                    frame_option=cloudfront.HeadersFrameOption.DENY, override=True
                ),
                referrer_policy=cloudfront.ResponseHeadersReferrerPolicy(
                    referrer_policy=cloudfront.HeadersReferrerPolicy.NO_REFERRER, override=True
                ),
                strict_transport_security=cloudfront.ResponseHeadersStrictTransportSecurity(
                    access_control_max_age=cdk.Duration.days(365),
                    include_subdomains=True,
                    override=True,
                ),
            ),
        )


_LOGS_OF_CDK = "AWSLambdaBasicExecutionRole"
_ACTIONS_OF_CDK = ("GetObject", "GetBucket", "List", "DeleteObject", "Abort")
_WHY_OF_CDK = (
    "It is the CDK's own resource, runs only while the stack is deployed, and copies the page's"
    " files from the CDK's bucket of assets into the page's bucket."
)

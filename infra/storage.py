"""What must not be lost: the table with every record, and the bucket with the media."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_s3 as s3
from constructs import Construct

from infra.findings import accept
from infra.settings import Settings

OPEN_JOBS_INDEX = "open-jobs"


class Storage(Construct):
    """Both stay when the stack is deleted, unless `deleteData` says otherwise."""

    def __init__(self, scope: Construct, *, settings: Settings) -> None:
        super().__init__(scope, "Storage")
        keep = cdk.RemovalPolicy.DESTROY if settings.delete_data else cdk.RemovalPolicy.RETAIN
        self.table = self._table(keep, delete=settings.delete_data)
        self.media = self._media(keep)

    def _table(self, keep: cdk.RemovalPolicy, *, delete: bool) -> dynamodb.Table:
        def text(name: str) -> dynamodb.Attribute:
            return dynamodb.Attribute(name=name, type=dynamodb.AttributeType.STRING)

        table = dynamodb.Table(
            self,
            "Table",
            partition_key=text("PK"),
            sort_key=text("SK"),
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            encryption=dynamodb.TableEncryption.AWS_MANAGED,
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=True
            ),
            time_to_live_attribute="expiresAt",
            deletion_protection=not delete,
            removal_policy=keep,
        )
        table.add_global_secondary_index(  # sparse: only open jobs have its keys
            index_name=OPEN_JOBS_INDEX,
            partition_key=text("openJob"),
            sort_key=text("updatedAt"),
            projection_type=dynamodb.ProjectionType.ALL,
        )
        return table

    def _media(self, keep: cdk.RemovalPolicy) -> s3.Bucket:
        """Versioned, so that what is published is what was checked, whoever replaces a file."""
        media = private_bucket(
            self,
            "Media",
            versioned=True,
            removal_policy=keep,
            lifecycle_rules=[
                s3.LifecycleRule(
                    id="tidy",
                    abort_incomplete_multipart_upload_after=cdk.Duration.days(2),
                    noncurrent_version_expiration=cdk.Duration.days(90),
                    expired_object_delete_marker=True,
                )
            ],
        )
        accept(
            media,
            {
                "AwsSolutions-S1": "Access logs would hold presigned URLs, which are keys to the"
                " media while they last. Who may read at all is told by CloudTrail.",
            },
        )
        return media


def private_bucket(scope: Construct, name: str, **more: Any) -> s3.Bucket:
    """Encrypted, over TLS only and open to nobody; `more` as in `s3.Bucket`."""
    return s3.Bucket(
        scope,
        name,
        block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
        object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
        encryption=s3.BucketEncryption.S3_MANAGED,
        enforce_ssl=True,
        minimum_tls_version=1.2,
        **more,
    )

export AWS_ACCESS_KEY_ID=embedded AWS_SECRET_ACCESS_KEY=embedded-secret AWS_REGION=us-east-1
export AWS_ENDPOINT_URL=http://127.0.0.1:9000
mkdir -p folder
swift run Embed folder s3://example/data

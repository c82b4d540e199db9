// The properties that the local cloud supports of an HTTP API, and of the routes that functions declare.

import { anyCase, checkedBy, flag, oneOf, type ResourceSupport, text, whole } from './property-check.ts';

/** Properties of an AWS::Serverless::Function's event of type HttpApi. */
export const routeProperties = {
  'Events.*.Properties.ApiId': text,
  'Events.*.Properties.Method': anyCase('GET', 'PUT', 'POST', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS', 'ANY'),
  'Events.*.Properties.Path': text,
  'Events.*.Properties.PayloadFormatVersion': oneOf('2.0'),
  'Events.*.Properties.Auth.Authorizer': oneOf('NONE', 'AWS_IAM'),
} as const;

const CORS = 'CorsConfiguration';

export const httpApi: Readonly<Record<string, ResourceSupport>> = {
  'AWS::Serverless::HttpApi': {
    properties: {
      honours: {
        StageName: oneOf('$default'),
        'Auth.EnableIamAuthorizer': oneOf('true'),
        'Auth.DefaultAuthorizer': oneOf('AWS_IAM'),
        [`${CORS}.AllowOrigins.*`]: text,
        [CORS]: checkedBy('the HTTP API'),
        [`${CORS}.AllowMethods.*`]: anyCase('GET', 'PUT', 'POST', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS', '*'),
        [`${CORS}.AllowHeaders.*`]: text,
        [`${CORS}.ExposeHeaders.*`]: text,
        [`${CORS}.AllowCredentials`]: flag,
        [`${CORS}.MaxAge`]: whole(0, 86_400),
        'DefaultRouteSettings.ThrottlingRateLimit': whole(1, 10_000),
        'DefaultRouteSettings.ThrottlingBurstLimit': whole(1, 5_000),
      },
      ignores: {
        Name: 'it is a text for people',
        Description: 'it is a text for people',
        FailOnWarnings: 'it is for the deployment',
        'AccessLogSettings.**':
          'the log of the program names what is refused, and the status page counts the rest',
        'DefaultRouteSettings.DetailedMetricsEnabled': 'the status page counts requests in any case',
        'Tags.**': 'tags are for billing, which the local cloud does not have',
      },
    },
  },
};

import type { PointTable } from './point.js';

/**
 * AWS regions, by the name in ip-ranges.json, at the metropolitan area that AWS announced for them
 * (the comment). Source of places: AWS documentation, "AWS Regions and Availability Zones", and the
 * announcements of the regions; their coordinates are our own reading of the map.
 */
export const AWS_REGIONS: PointTable = new Map([
  ['af-south-1', [-33.93, 18.42]], // Cape Town
  ['ap-east-1', [22.32, 114.17]], // Hong Kong
  ['ap-east-2', [25.03, 121.56]], // Taipei
  ['ap-northeast-1', [35.68, 139.77]], // Tokyo
  ['ap-northeast-2', [37.57, 126.98]], // Seoul
  ['ap-northeast-3', [34.69, 135.5]], // Osaka
  ['ap-south-1', [19.08, 72.88]], // Mumbai
  ['ap-south-2', [17.39, 78.49]], // Hyderabad
  ['ap-southeast-1', [1.35, 103.82]], // Singapore
  ['ap-southeast-2', [-33.87, 151.21]], // Sydney
  ['ap-southeast-3', [-6.21, 106.85]], // Jakarta
  ['ap-southeast-4', [-37.81, 144.96]], // Melbourne
  ['ap-southeast-5', [3.14, 101.69]], // Kuala Lumpur
  ['ap-southeast-6', [-36.85, 174.76]], // Auckland
  ['ap-southeast-7', [13.76, 100.5]], // Bangkok
  ['ca-central-1', [45.5, -73.57]], // Montreal
  ['ca-west-1', [51.05, -114.07]], // Calgary
  ['cn-north-1', [39.9, 116.41]], // Beijing
  ['cn-northwest-1', [37.51, 105.19]], // Zhongwei, Ningxia
  ['eu-central-1', [50.11, 8.68]], // Frankfurt
  ['eu-central-2', [47.38, 8.54]], // Zurich
  ['eu-north-1', [59.33, 18.07]], // Stockholm
  ['eu-south-1', [45.46, 9.19]], // Milan
  ['eu-south-2', [41.65, -0.89]], // Zaragoza
  ['eu-west-1', [53.35, -6.26]], // Dublin
  ['eu-west-2', [51.51, -0.13]], // London
  ['eu-west-3', [48.86, 2.35]], // Paris
  ['eusc-de-east-1', [52.4, 13.06]], // Brandenburg (European Sovereign Cloud)
  ['il-central-1', [32.09, 34.78]], // Tel Aviv
  ['me-central-1', [24.45, 54.38]], // United Arab Emirates
  ['me-south-1', [26.07, 50.55]], // Bahrain
  ['mx-central-1', [20.59, -100.39]], // Querétaro
  ['sa-east-1', [-23.55, -46.63]], // São Paulo
  ['sa-west-1', [-33.45, -70.67]], // Santiago
  ['us-east-1', [39.04, -77.49]], // Northern Virginia (Ashburn)
  ['us-east-2', [39.96, -83]], // Ohio (Columbus)
  ['us-gov-east-1', [39.96, -83]], // Ohio (GovCloud)
  ['us-gov-west-1', [45.84, -119.7]], // Oregon (GovCloud)
  ['us-west-1', [37.35, -121.95]], // Northern California (San Jose)
  ['us-west-2', [45.84, -119.7]], // Oregon (Boardman)
]);

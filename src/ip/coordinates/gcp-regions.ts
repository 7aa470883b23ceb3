import type { PointTable } from './point.js';

/**
 * Google Cloud regions, by the name in cloud.json, at the place that Google names for them (the
 * comment). Source of places: Google Cloud documentation, "Regions and zones"; their coordinates are
 * our own reading of the map.
 */
export const GCP_REGIONS: PointTable = new Map([
  ['africa-south1', [-26.2, 28.05]], // Johannesburg
  ['asia-east1', [24.05, 120.52]], // Changhua County
  ['asia-east2', [22.32, 114.17]], // Hong Kong
  ['asia-northeast1', [35.68, 139.77]], // Tokyo
  ['asia-northeast2', [34.69, 135.5]], // Osaka
  ['asia-northeast3', [37.57, 126.98]], // Seoul
  ['asia-south1', [19.08, 72.88]], // Mumbai
  ['asia-south2', [28.61, 77.21]], // Delhi
  ['asia-southeast1', [1.34, 103.71]], // Jurong West, Singapore
  ['asia-southeast2', [-6.21, 106.85]], // Jakarta
  ['asia-southeast3', [13.76, 100.5]], // Bangkok
  ['australia-southeast1', [-33.87, 151.21]], // Sydney
  ['australia-southeast2', [-37.81, 144.96]], // Melbourne
  ['europe-central2', [52.23, 21.01]], // Warsaw
  ['europe-north1', [60.57, 27.19]], // Hamina
  ['europe-north2', [59.33, 18.07]], // Stockholm
  ['europe-southwest1', [40.42, -3.7]], // Madrid
  ['europe-west1', [50.47, 3.86]], // St. Ghislain
  ['europe-west10', [52.52, 13.41]], // Berlin
  ['europe-west12', [45.07, 7.69]], // Turin
  ['europe-west2', [51.51, -0.13]], // London
  ['europe-west3', [50.11, 8.68]], // Frankfurt
  ['europe-west4', [53.44, 6.84]], // Eemshaven
  ['europe-west6', [47.38, 8.54]], // Zurich
  ['europe-west8', [45.46, 9.19]], // Milan
  ['europe-west9', [48.86, 2.35]], // Paris
  ['me-central1', [25.29, 51.53]], // Doha
  ['me-central2', [26.43, 50.1]], // Dammam
  ['me-west1', [32.09, 34.78]], // Tel Aviv
  ['northamerica-northeast1', [45.5, -73.57]], // Montreal
  ['northamerica-northeast2', [43.65, -79.38]], // Toronto
  ['northamerica-south1', [20.59, -100.39]], // Querétaro
  ['southamerica-east1', [-23.53, -46.79]], // Osasco, São Paulo
  ['southamerica-west1', [-33.45, -70.67]], // Santiago
  ['us-central1', [41.26, -95.86]], // Council Bluffs, Iowa
  ['us-central2', [36.3, -95.31]], // Oklahoma
  ['us-east1', [33.2, -80.01]], // Moncks Corner, South Carolina
  ['us-east4', [39.04, -77.49]], // Ashburn, Virginia
  ['us-east5', [39.96, -83]], // Columbus, Ohio
  ['us-east7', [34.7, -86.6]], // Alabama
  ['us-south1', [32.78, -96.8]], // Dallas
  ['us-west1', [45.6, -121.18]], // The Dalles, Oregon
  ['us-west2', [34.05, -118.24]], // Los Angeles
  ['us-west3', [40.76, -111.89]], // Salt Lake City
  ['us-west4', [36.17, -115.14]], // Las Vegas
  ['us-west8', [33.45, -112.07]], // Phoenix
]);

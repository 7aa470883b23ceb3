import type { PointTable } from './point.js';

/**
 * Azure regions at the place that Microsoft names for them (the comment). Source of places: Microsoft
 * documentation, "Azure regions list"; their coordinates are our own reading of the map. The service
 * tags shorten some names; those spellings stand at the end.
 */
export const AZURE_REGIONS: PointTable = new Map([
  ['australiacentral', [-35.31, 149.12]], // Canberra
  ['australiacentral2', [-35.31, 149.12]], // Canberra
  ['australiaeast', [-33.87, 151.21]], // New South Wales
  ['australiasoutheast', [-37.81, 144.96]], // Victoria
  ['austriaeast', [48.21, 16.37]], // Vienna
  ['belgiumcentral', [50.85, 4.35]], // Brussels
  ['brazilsouth', [-23.55, -46.63]], // São Paulo State
  ['brazilsoutheast', [-22.91, -43.17]], // Rio
  ['canadacentral', [43.65, -79.38]], // Toronto
  ['canadaeast', [46.81, -71.21]], // Quebec
  ['centralindia', [18.52, 73.86]], // Pune
  ['centralus', [41.59, -93.62]], // Iowa
  ['centraluseuap', [41.59, -93.62]], // Iowa (early updates)
  ['chilecentral', [-33.45, -70.67]], // Santiago
  ['denmarkeast', [55.68, 12.57]], // Copenhagen
  ['eastasia', [22.32, 114.17]], // Hong Kong
  ['eastus', [36.66, -78.39]], // Virginia (Boydton)
  ['eastus2', [36.66, -78.39]], // Virginia (Boydton)
  ['eastus3', [33.75, -84.39]], // Georgia (Atlanta)
  ['eastus2euap', [36.66, -78.39]], // Virginia (early updates)
  ['finlandcentral', [60.17, 24.94]], // Helsinki
  ['francecentral', [48.86, 2.35]], // Paris
  ['francesouth', [43.3, 5.37]], // Marseille
  ['germanynorth', [52.52, 13.41]], // Berlin
  ['germanywestcentral', [50.11, 8.68]], // Frankfurt
  ['greececentral', [37.98, 23.73]], // Athens
  ['indiasouthcentral', [17.39, 78.49]], // Hyderabad
  ['indonesiacentral', [-6.21, 106.85]], // Jakarta
  ['israelcentral', [31.77, 35.21]], // Israel
  ['israelnorthwest', [32.79, 34.99]], // Israel
  ['italynorth', [45.46, 9.19]], // Milan
  ['japaneast', [35.68, 139.77]], // Tokyo, Saitama
  ['japanwest', [34.69, 135.5]], // Osaka
  ['jioindiacentral', [21.15, 79.09]], // Nagpur
  ['jioindiawest', [22.47, 70.06]], // Jamnagar
  ['koreacentral', [37.57, 126.98]], // Seoul
  ['koreasouth', [35.18, 129.08]], // Busan
  ['malaysiawest', [3.14, 101.69]], // Kuala Lumpur
  ['mexicocentral', [20.59, -100.39]], // Querétaro State
  ['newzealandnorth', [-36.85, 174.76]], // Auckland
  ['northcentralus', [41.88, -87.63]], // Illinois (Chicago)
  ['northeurope', [53.35, -6.26]], // Ireland
  ['norwayeast', [59.91, 10.75]], // Oslo
  ['norwaywest', [58.97, 5.73]], // Stavanger
  ['polandcentral', [52.23, 21.01]], // Warsaw
  ['qatarcentral', [25.29, 51.53]], // Doha
  ['saudiarabiaeast', [26.43, 50.1]], // Dammam
  ['southafricanorth', [-26.2, 28.05]], // Johannesburg
  ['southafricawest', [-33.93, 18.42]], // Cape Town
  ['southcentralus', [29.42, -98.49]], // Texas (San Antonio)
  ['southeastasia', [1.35, 103.82]], // Singapore
  ['southeastus', [33.75, -84.39]], // Georgia (Atlanta)
  ['southindia', [13.08, 80.27]], // Chennai
  ['spaincentral', [40.42, -3.7]], // Madrid
  ['swedencentral', [60.67, 17.14]], // Gävle
  ['swedensouth', [55.6, 13]], // Malmö
  ['switzerlandnorth', [47.38, 8.54]], // Zurich
  ['switzerlandwest', [46.2, 6.14]], // Geneva
  ['taiwannorth', [25.03, 121.56]], // Taipei
  ['taiwannorthwest', [25.03, 121.56]], // Taipei
  ['uaecentral', [24.45, 54.38]], // Abu Dhabi
  ['uaenorth', [25.2, 55.27]], // Dubai
  ['uknorth', [55, -1.6]], // Northern England
  ['uksouth', [51.51, -0.13]], // London
  ['ukwest', [51.48, -3.18]], // Cardiff
  ['usgovarizona', [33.45, -112.07]], // Phoenix
  ['usgoviowa', [41.59, -93.62]], // Iowa
  ['usgovtexas', [29.42, -98.49]], // San Antonio
  ['usgovvirginia', [36.66, -78.39]], // Virginia (Boydton)
  ['usdodcentral', [41.59, -93.62]], // Iowa
  ['usdodeast', [36.66, -78.39]], // Virginia (Boydton)
  ['westcentralus', [41.14, -104.82]], // Wyoming (Cheyenne)
  ['westeurope', [52.37, 4.9]], // Netherlands (Amsterdam)
  ['westindia', [19.08, 72.88]], // Mumbai
  ['westus', [37.35, -121.95]], // California (San Jose)
  ['westus2', [47.23, -119.85]], // Washington (Quincy)
  ['westus3', [33.45, -112.07]], // Phoenix
  ['chinaeast', [31.23, 121.47]], // Shanghai
  ['chinaeast2', [31.23, 121.47]], // Shanghai
  ['chinaeast3', [31.95, 119.5]], // Jiangsu
  ['chinanorth', [39.9, 116.41]], // Beijing
  ['chinanorth2', [39.9, 116.41]], // Beijing
  ['chinanorth3', [40.77, 114.89]], // Hebei
  ['brazilse', [-22.91, -43.17]], // Rio
  ['centralfrance', [48.86, 2.35]], // Paris
  ['chilec', [-33.45, -70.67]], // Santiago
  ['germanyn', [52.52, 13.41]], // Berlin
  ['germanywc', [50.11, 8.68]], // Frankfurt
  ['norwaye', [59.91, 10.75]], // Oslo
  ['norwayw', [58.97, 5.73]], // Stavanger
  ['southfrance', [43.3, 5.37]], // Marseille
  ['switzerlandn', [47.38, 8.54]], // Zurich
  ['switzerlandw', [46.2, 6.14]], // Geneva
  ['usstagec', [41.59, -93.62]], // Iowa (staging)
  ['usstagee', [36.66, -78.39]], // Virginia (staging)
]);

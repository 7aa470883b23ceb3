import type { PointTable } from './point.js';

/**
 * A representative point of every country of ISO 3166-1, and of Kosovo (`XK`), for regions that
 * name a country alone. Source: our own reading of the map, about the middle of the main territory
 * or, of an archipelago, of its most populous part. Good for a dot on a map of the world.
 */
export const COUNTRY_POINTS: PointTable = new Map([
  ['AD', [42.55, 1.58]], // Andorra
  ['AE', [24, 54]], // United Arab Emirates
  ['AF', [33.8, 66]], // Afghanistan
  ['AG', [17.08, -61.8]], // Antigua and Barbuda
  ['AI', [18.22, -63.06]], // Anguilla
  ['AL', [41.1, 20.1]], // Albania
  ['AM', [40.2, 45]], // Armenia
  ['AO', [-12.3, 17.5]], // Angola
  ['AQ', [-82.9, 0]], // Antarctica
  ['AR', [-35, -65]], // Argentina
  ['AS', [-14.31, -170.72]], // American Samoa
  ['AT', [47.6, 14.1]], // Austria
  ['AU', [-25.3, 134.5]], // Australia
  ['AW', [12.52, -69.98]], // Aruba
  ['AX', [60.2, 20]], // Åland
  ['AZ', [40.3, 47.7]], // Azerbaijan
  ['BA', [44.2, 17.8]], // Bosnia and Herzegovina
  ['BB', [13.18, -59.55]], // Barbados
  ['BD', [23.8, 90.3]], // Bangladesh
  ['BE', [50.6, 4.7]], // Belgium
  ['BF', [12.3, -1.7]], // Burkina Faso
  ['BG', [42.7, 25.3]], // Bulgaria
  ['BH', [26.05, 50.54]], // Bahrain
  ['BI', [-3.4, 29.9]], // Burundi
  ['BJ', [9.6, 2.3]], // Benin
  ['BL', [17.9, -62.83]], // Saint Barthélemy
  ['BM', [32.31, -64.76]], // Bermuda
  ['BN', [4.5, 114.7]], // Brunei
  ['BO', [-16.7, -64.7]], // Bolivia
  ['BQ', [12.18, -68.26]], // Bonaire, Sint Eustatius and Saba
  ['BR', [-10.8, -53]], // Brazil
  ['BS', [24.7, -78]], // Bahamas
  ['BT', [27.4, 90.4]], // Bhutan
  ['BV', [-54.42, 3.36]], // Bouvet Island
  ['BW', [-22.2, 23.8]], // Botswana
  ['BY', [53.5, 28]], // Belarus
  ['BZ', [17.2, -88.7]], // Belize
  ['CA', [56.1, -106.3]], // Canada
  ['CC', [-12.17, 96.84]], // Cocos Islands
  ['CD', [-2.9, 23.7]], // Congo (Kinshasa)
  ['CF', [6.6, 20.5]], // Central African Republic
  ['CG', [-0.8, 15.2]], // Congo (Brazzaville)
  ['CH', [46.8, 8.2]], // Switzerland
  ['CI', [7.6, -5.6]], // Côte d'Ivoire
  ['CK', [-21.23, -159.78]], // Cook Islands
  ['CL', [-35.7, -71.5]], // Chile
  ['CM', [5.7, 12.7]], // Cameroon
  ['CN', [35.9, 104.2]], // China
  ['CO', [4, -73]], // Colombia
  ['CR', [10, -84.2]], // Costa Rica
  ['CU', [21.6, -79]], // Cuba
  ['CV', [15.1, -23.6]], // Cabo Verde
  ['CW', [12.19, -69]], // Curaçao
  ['CX', [-10.49, 105.63]], // Christmas Island
  ['CY', [35.05, 33.2]], // Cyprus
  ['CZ', [49.8, 15.5]], // Czechia
  ['DE', [51.2, 10.4]], // Germany
  ['DJ', [11.75, 42.6]], // Djibouti
  ['DK', [56, 9.6]], // Denmark
  ['DM', [15.43, -61.36]], // Dominica
  ['DO', [18.9, -70.5]], // Dominican Republic
  ['DZ', [28.2, 2.6]], // Algeria
  ['EC', [-1.4, -78.8]], // Ecuador
  ['EE', [58.7, 25.5]], // Estonia
  ['EG', [26.6, 29.8]], // Egypt
  ['EH', [24.3, -13.3]], // Western Sahara
  ['ER', [15.4, 38.8]], // Eritrea
  ['ES', [40.2, -3.6]], // Spain
  ['ET', [8.6, 39.6]], // Ethiopia
  ['FI', [64.5, 26.3]], // Finland
  ['FJ', [-17.8, 178]], // Fiji
  ['FK', [-51.75, -59.2]], // Falkland Islands
  ['FM', [6.88, 158.22]], // Micronesia
  ['FO', [62.05, -6.9]], // Faroe Islands
  ['FR', [46.6, 2.5]], // France
  ['GA', [-0.7, 11.8]], // Gabon
  ['GB', [54, -2.5]], // United Kingdom
  ['GD', [12.12, -61.68]], // Grenada
  ['GE', [42.2, 43.5]], // Georgia
  ['GF', [3.9, -53.1]], // French Guiana
  ['GG', [49.45, -2.58]], // Guernsey
  ['GH', [7.9, -1.2]], // Ghana
  ['GI', [36.14, -5.35]], // Gibraltar
  ['GL', [71.7, -42.2]], // Greenland
  ['GM', [13.45, -15.4]], // Gambia
  ['GN', [10.4, -10.9]], // Guinea
  ['GP', [16.2, -61.5]], // Guadeloupe
  ['GQ', [1.7, 10.3]], // Equatorial Guinea
  ['GR', [39.1, 22.9]], // Greece
  ['GS', [-54.4, -36.6]], // South Georgia and the South Sandwich Islands
  ['GT', [15.7, -90.4]], // Guatemala
  ['GU', [13.45, 144.78]], // Guam
  ['GW', [12, -15]], // Guinea-Bissau
  ['GY', [4.8, -58.9]], // Guyana
  ['HK', [22.35, 114.15]], // Hong Kong
  ['HM', [-53.1, 73.51]], // Heard Island and McDonald Islands
  ['HN', [14.8, -86.6]], // Honduras
  ['HR', [45.4, 16.4]], // Croatia
  ['HT', [19, -72.6]], // Haiti
  ['HU', [47.2, 19.4]], // Hungary
  ['ID', [-2.2, 117.3]], // Indonesia
  ['IE', [53.2, -8.2]], // Ireland
  ['IL', [31.4, 35]], // Israel
  ['IM', [54.23, -4.53]], // Isle of Man
  ['IN', [22.9, 79.6]], // India
  ['IO', [-7.33, 72.42]], // British Indian Ocean Territory
  ['IQ', [33, 43.7]], // Iraq
  ['IR', [32.6, 54.3]], // Iran
  ['IS', [65, -18.6]], // Iceland
  ['IT', [42.8, 12.6]], // Italy
  ['JE', [49.21, -2.13]], // Jersey
  ['JM', [18.15, -77.3]], // Jamaica
  ['JO', [31.3, 36.8]], // Jordan
  ['JP', [36.6, 138.2]], // Japan
  ['KE', [0.6, 37.8]], // Kenya
  ['KG', [41.5, 74.5]], // Kyrgyzstan
  ['KH', [12.7, 104.9]], // Cambodia
  ['KI', [1.42, 173]], // Kiribati
  ['KM', [-11.7, 43.35]], // Comoros
  ['KN', [17.3, -62.73]], // Saint Kitts and Nevis
  ['KP', [40.2, 127.2]], // North Korea
  ['KR', [36.4, 127.8]], // South Korea
  ['KW', [29.3, 47.6]], // Kuwait
  ['KY', [19.31, -81.25]], // Cayman Islands
  ['KZ', [48.2, 67.3]], // Kazakhstan
  ['LA', [18.5, 103.8]], // Laos
  ['LB', [33.9, 35.9]], // Lebanon
  ['LC', [13.9, -60.97]], // Saint Lucia
  ['LI', [47.14, 9.54]], // Liechtenstein
  ['LK', [7.6, 80.7]], // Sri Lanka
  ['LR', [6.5, -9.3]], // Liberia
  ['LS', [-29.6, 28.2]], // Lesotho
  ['LT', [55.3, 23.9]], // Lithuania
  ['LU', [49.77, 6.1]], // Luxembourg
  ['LV', [56.9, 24.9]], // Latvia
  ['LY', [27, 18]], // Libya
  ['MA', [31.9, -6.3]], // Morocco
  ['MC', [43.74, 7.41]], // Monaco
  ['MD', [47.2, 28.5]], // Moldova
  ['ME', [42.8, 19.2]], // Montenegro
  ['MF', [18.08, -63.06]], // Saint Martin
  ['MG', [-19.4, 46.7]], // Madagascar
  ['MH', [7.1, 171.3]], // Marshall Islands
  ['MK', [41.6, 21.7]], // North Macedonia
  ['ML', [17.3, -3.5]], // Mali
  ['MM', [21.2, 96.5]], // Myanmar
  ['MN', [46.8, 103.1]], // Mongolia
  ['MO', [22.18, 113.55]], // Macao
  ['MP', [15.19, 145.75]], // Northern Mariana Islands
  ['MQ', [14.65, -61]], // Martinique
  ['MR', [20.3, -10.3]], // Mauritania
  ['MS', [16.74, -62.19]], // Montserrat
  ['MT', [35.89, 14.44]], // Malta
  ['MU', [-20.28, 57.57]], // Mauritius
  ['MV', [3.7, 73.3]], // Maldives
  ['MW', [-13.2, 34.3]], // Malawi
  ['MX', [23.9, -102.5]], // Mexico
  ['MY', [4, 102.2]], // Malaysia
  ['MZ', [-17.3, 35.5]], // Mozambique
  ['NA', [-22.1, 17.2]], // Namibia
  ['NC', [-21.3, 165.6]], // New Caledonia
  ['NE', [17.4, 9.4]], // Niger
  ['NF', [-29.04, 167.95]], // Norfolk Island
  ['NG', [9.6, 8.1]], // Nigeria
  ['NI', [12.8, -85]], // Nicaragua
  ['NL', [52.2, 5.6]], // Netherlands
  ['NO', [61.5, 9]], // Norway
  ['NP', [28.2, 83.9]], // Nepal
  ['NR', [-0.53, 166.93]], // Nauru
  ['NU', [-19.05, -169.86]], // Niue
  ['NZ', [-41.8, 172.8]], // New Zealand
  ['OM', [20.6, 56.1]], // Oman
  ['PA', [8.5, -80.1]], // Panama
  ['PE', [-9.2, -74.4]], // Peru
  ['PF', [-17.65, -149.45]], // French Polynesia
  ['PG', [-6.5, 144.2]], // Papua New Guinea
  ['PH', [11.8, 122.9]], // Philippines
  ['PK', [29.9, 69.3]], // Pakistan
  ['PL', [52.1, 19.4]], // Poland
  ['PM', [46.9, -56.3]], // Saint Pierre and Miquelon
  ['PN', [-25.07, -130.1]], // Pitcairn Islands
  ['PR', [18.23, -66.47]], // Puerto Rico
  ['PS', [31.9, 35.2]], // Palestine
  ['PT', [39.6, -8.5]], // Portugal
  ['PW', [7.5, 134.6]], // Palau
  ['PY', [-23.2, -58.4]], // Paraguay
  ['QA', [25.3, 51.2]], // Qatar
  ['RE', [-21.13, 55.53]], // Réunion
  ['RO', [45.9, 25]], // Romania
  ['RS', [44.2, 20.8]], // Serbia
  ['RU', [61.5, 96.7]], // Russia
  ['RW', [-2, 29.9]], // Rwanda
  ['SA', [24.1, 44.5]], // Saudi Arabia
  ['SB', [-9.6, 160.1]], // Solomon Islands
  ['SC', [-4.68, 55.48]], // Seychelles
  ['SD', [16, 30]], // Sudan
  ['SE', [62.8, 16.7]], // Sweden
  ['SG', [1.36, 103.82]], // Singapore
  ['SH', [-15.96, -5.71]], // Saint Helena, Ascension and Tristan da Cunha
  ['SI', [46.1, 14.8]], // Slovenia
  ['SJ', [78.8, 18.5]], // Svalbard and Jan Mayen
  ['SK', [48.7, 19.5]], // Slovakia
  ['SL', [8.6, -11.8]], // Sierra Leone
  ['SM', [43.94, 12.46]], // San Marino
  ['SN', [14.4, -14.5]], // Senegal
  ['SO', [4.8, 45.7]], // Somalia
  ['SR', [4.1, -55.9]], // Suriname
  ['SS', [7.3, 30.2]], // South Sudan
  ['ST', [0.24, 6.6]], // São Tomé and Príncipe
  ['SV', [13.7, -88.9]], // El Salvador
  ['SX', [18.04, -63.06]], // Sint Maarten
  ['SY', [35, 38.5]], // Syria
  ['SZ', [-26.6, 31.5]], // Eswatini
  ['TC', [21.78, -71.8]], // Turks and Caicos Islands
  ['TD', [15.3, 18.7]], // Chad
  ['TF', [-49.3, 69.5]], // French Southern Territories
  ['TG', [8.6, 1]], // Togo
  ['TH', [15.1, 101]], // Thailand
  ['TJ', [38.5, 71]], // Tajikistan
  ['TK', [-9.17, -171.83]], // Tokelau
  ['TL', [-8.8, 125.9]], // Timor-Leste
  ['TM', [39.1, 59.4]], // Turkmenistan
  ['TN', [34.1, 9.6]], // Tunisia
  ['TO', [-21.18, -175.2]], // Tonga
  ['TR', [39.1, 35.2]], // Türkiye
  ['TT', [10.45, -61.27]], // Trinidad and Tobago
  ['TV', [-8.52, 179.2]], // Tuvalu
  ['TW', [23.75, 121]], // Taiwan
  ['TZ', [-6.3, 34.8]], // Tanzania
  ['UA', [49, 31.4]], // Ukraine
  ['UG', [1.3, 32.4]], // Uganda
  ['UM', [19.3, 166.63]], // United States Minor Outlying Islands
  ['US', [39.8, -98.6]], // United States
  ['UY', [-32.8, -56]], // Uruguay
  ['UZ', [41.8, 63.1]], // Uzbekistan
  ['VA', [41.9, 12.45]], // Vatican City
  ['VC', [13.25, -61.2]], // Saint Vincent and the Grenadines
  ['VE', [7.1, -66.2]], // Venezuela
  ['VG', [18.43, -64.62]], // British Virgin Islands
  ['VI', [17.73, -64.73]], // US Virgin Islands
  ['VN', [16.6, 106.3]], // Vietnam
  ['VU', [-16.2, 167.7]], // Vanuatu
  ['WF', [-13.3, -176.2]], // Wallis and Futuna
  ['WS', [-13.75, -172.1]], // Samoa
  ['XK', [42.6, 20.9]], // Kosovo
  ['YE', [15.9, 47.6]], // Yemen
  ['YT', [-12.82, 45.15]], // Mayotte
  ['ZA', [-29, 25.1]], // South Africa
  ['ZM', [-13.5, 27.8]], // Zambia
  ['ZW', [-19, 29.9]], // Zimbabwe
]);

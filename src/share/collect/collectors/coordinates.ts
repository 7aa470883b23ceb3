import type { CollectJson, CollectorSpec } from '../collector.js';

export const coordinatesSpec: CollectorSpec<'json'> = {
  key: 'coordinates',
  version: '1.0',
  format: 'json',
  description: 'Where regions are: degrees north and east, null for labels that are at no place',
};

export const collectCoordinates: CollectJson = ({ archive }) => archive.coordinates();

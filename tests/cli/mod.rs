mod canaries;
mod leads;
mod main_job;
mod odd_values;
mod people;
mod secrets;
mod snapshots;
mod stranger;

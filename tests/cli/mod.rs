mod leads;
mod main_job;
mod people;
mod secrets;
mod snapshots;
mod stranger;

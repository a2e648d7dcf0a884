-- What is made beside logs_history, statement by statement. Each may be made again.

CREATE TABLE IF NOT EXISTS logs_rejects (
    id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
    rejected_at DATETIME NOT NULL COMMENT 'UTC',
    reason VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    message VARCHAR(500) NOT NULL,
    stream VARCHAR(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    shard VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    sequence_number VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    arrived_at DATETIME(3) NULL COMMENT 'UTC',
    data LONGBLOB NOT NULL COMMENT 'the record as it came',
    UNIQUE KEY record_once (stream, shard, sequence_number)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;

-- One row per surge. The ALARM may be told before all is counted, so its started_at
-- may be later than the others'.
CREATE OR REPLACE SQL SECURITY INVOKER VIEW logs_surges AS
SELECT
    site,
    alarm_id,
    MIN(started_at) AS started_at,
    MIN(CASE WHEN kind = 'ALARM' THEN alarm_creation_time END) AS raised_at,
    MAX(CASE WHEN kind = 'OK' THEN alarm_creation_time END) AS recovered_at,
    TIMESTAMPDIFF(SECOND, MIN(started_at), MAX(CASE WHEN kind = 'OK' THEN alarm_creation_time END))
        AS duration_seconds,
    MAX(peak_count) AS peak,
    MAX(threshold) AS threshold,
    COUNT(CASE WHEN kind = 'REMINDER' THEN 1 END) AS reminders
FROM logs_history
WHERE alarm_id IS NOT NULL
GROUP BY site, alarm_id;

-- Rows from before there were alarm ids are an alarm each, of no known site.
CREATE OR REPLACE SQL SECURITY INVOKER VIEW logs_alarms_per_hour AS
SELECT
    CAST(DATE_FORMAT(raised_at, '%Y-%m-%d %H:00:00') AS DATETIME) AS `hour`,
    site,
    COUNT(*) AS alarms,
    MAX(duration_seconds) AS longest_seconds,
    MAX(peak) AS highest_peak
FROM (
    SELECT raised_at, site, duration_seconds, peak FROM logs_surges
    UNION ALL
    SELECT alarm_creation_time, NULL, NULL, Number_of_orders FROM logs_history WHERE alarm_id IS NULL
) AS alarm
WHERE raised_at IS NOT NULL
GROUP BY CAST(DATE_FORMAT(raised_at, '%Y-%m-%d %H:00:00') AS DATETIME), site;

CREATE OR REPLACE SQL SECURITY INVOKER VIEW logs_alarms_per_day AS
SELECT
    CAST(raised_at AS DATE) AS `day`,
    site,
    COUNT(*) AS alarms,
    MAX(duration_seconds) AS longest_seconds,
    MAX(peak) AS highest_peak
FROM (
    SELECT raised_at, site, duration_seconds, peak FROM logs_surges
    UNION ALL
    SELECT alarm_creation_time, NULL, NULL, Number_of_orders FROM logs_history WHERE alarm_id IS NULL
) AS alarm
WHERE raised_at IS NOT NULL
GROUP BY CAST(raised_at AS DATE), site;

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

-- Who was behind an alarm: the heaviest values of each dimension, from position 1 on. Values
-- are texts from outside.
CREATE TABLE IF NOT EXISTS logs_contributors (
    alarm_id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    kind VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    alarm_creation_time DATETIME NOT NULL COMMENT 'UTC',
    dimension VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    `position` INT UNSIGNED NOT NULL,
    value VARCHAR(256) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    measure VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    `count` BIGINT UNSIGNED NOT NULL,
    total BIGINT UNSIGNED NOT NULL,
    `different` BIGINT UNSIGNED NOT NULL,
    missed BIGINT UNSIGNED NOT NULL,
    PRIMARY KEY (alarm_id, kind, alarm_creation_time, dimension, `position`)
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
    COUNT(CASE WHEN kind = 'REMINDER' THEN 1 END) AS reminders,
    COALESCE(MAX(`signal`), 'surge') AS `signal`,
    MAX(measure) AS measure
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

-- Alarms from before there were signals are of surges. The quotient comes first: a hundred
-- times the largest count is more than a number may be.
CREATE OR REPLACE SQL SECURITY INVOKER VIEW logs_contributors_of_alarms AS
SELECT
    alarm.site,
    alarm.alarm_id,
    COALESCE(alarm.`signal`, 'surge') AS `signal`,
    alarm.kind,
    alarm.alarm_creation_time,
    who.dimension,
    who.`position`,
    who.value,
    who.`count`,
    who.measure,
    ROUND(who.`count` / NULLIF(who.total, 0) * 100, 1) AS percent,
    who.total,
    who.`different`,
    who.missed
FROM logs_contributors AS who
JOIN logs_history AS alarm
    ON alarm.alarm_id = who.alarm_id
    AND alarm.kind = who.kind
    AND alarm.alarm_creation_time = who.alarm_creation_time;
